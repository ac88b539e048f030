import { config } from 'zod'

// Zod compiles schemas with `new Function`, and tries whether it may as soon as a schema is made; the page's content
// security policy forbids that and would report each try. So this module comes before every other.
config({ jitless: true })
