import { takePrivateDirectory } from '../../electron/engine/base/private-files.ts'
import { FaultError } from '../../shared/model/fault.ts'

/** Takes the directory named on the command line and prints the code of its refusal: for another user than the test's. */
try {
  takePrivateDirectory(process.argv[2]!)
} catch (error) {
  console.log(error instanceof FaultError ? error.fault.code : String(error))
}
