#!/bin/bash
# A throw-away Ceph site for the tests: 1 mon + 1 osd + 1 radosgw, no systemd, no mgr, no cephx, loopback only.
#   ceph-site.sh up   NAME PORT DIR     create (or restart) the site, wait until S3 answers
#   ceph-site.sh down DIR [--purge]     stop the daemons this script started; --purge removes DIR
#   ceph-site.sh kill DIR [ROLE]        kill -9 one daemon (mon, osd, rgw) or all of them; memstore contents are lost with the osd
#   ceph-site.sh status DIR             pid / rss of each daemon
# Environment:
#   CEPH_SITE_STORE   memstore (default) | bluestore
#   CEPH_SITE_BYTES   OSD capacity in bytes (default 6 GiB; memstore: an upper bound, not preallocated)
#   CEPH_SITE_ACCESS / CEPH_SITE_SECRET   S3 keys (defaults derived from NAME)
#   CEPH_SITE_SYSTEM=1   make the S3 user a system user: only those may choose version ids
#   CEPH_SITE_REPLICATION_API=1   accept PutBucketReplication (rules are stored, not executed)
#   CEPH_SITE_MON_PORT (default PORT+10000), CEPH_SITE_OSD_PORT (default PORT+11000, uses 20 ports)
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
# Debian builds ceph on glibc malloc: make freed object buffers go back to the system at once
: "${MALLOC_ARENA_MAX:=2}" "${MALLOC_MMAP_THRESHOLD_:=131072}" "${MALLOC_TRIM_THRESHOLD_:=4194304}"
export MALLOC_ARENA_MAX MALLOC_MMAP_THRESHOLD_ MALLOC_TRIM_THRESHOLD_
self=$(basename "$0")
die() { echo "$self: $*" >&2; exit 1; }
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN{printf "%.2f", b-a}'; }

# A pid file is only honoured when that process still runs against this very DIR.
alive() { # DIR ROLE -> prints pid
  local f="$1/run/$2.pid" p
  [ -s "$f" ] || return 1
  p=$(cat "$f")
  [ -r "/proc/$p/cmdline" ] || return 1
  tr '\0' '\n' <"/proc/$p/cmdline" 2>/dev/null | grep -qxF -- "$1/ceph.conf" || return 1
  echo "$p"
}

launch() { # DIR ROLE CMD...   detached; the pid of the daemon itself is recorded
  local dir=$1 role=$2; shift 2
  alive "$dir" "$role" >/dev/null && return 0
  rm -f "$dir/run/$role.asok"
  nohup setsid "$@" </dev/null >>"$dir/log/$role.out" 2>&1 &
  echo $! >"$dir/run/$role.pid"
}

wait_for() { # SECONDS WHAT CMD...
  local end=$(( $(date +%s) + $1 )) what=$2; shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s)" -lt "$end" ] || die "timed out waiting for $what"
    sleep 0.05
  done
}

write_conf() {
  local dir=$1 name=$2 port=$3
  local monp=${CEPH_SITE_MON_PORT:-$((port + 10000))} osdp=${CEPH_SITE_OSD_PORT:-$((port + 11000))}
  local bytes=${CEPH_SITE_BYTES:-$((6 * 1024 * 1024 * 1024))}
  cat >"$dir/ceph.conf" <<CONF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon host = v2:127.0.0.1:$monp/0
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
ms bind ipv6 = false
ms bind port min = $osdp
ms bind port max = $((osdp + 20))
ms type = async+posix
ms async op threads = 2
auth cluster required = none
auth service required = none
auth client required = none
# radosgw's built-in default is "secure" towards the mon, which cannot work without cephx (-13 forever)
ms mon client mode = crc
ms mon service mode = crc
ms mon cluster mode = crc
run dir = $dir/run
admin socket = $dir/run/\$name.asok
log file = $dir/log/\$name.log
log to stderr = false
err to stderr = true
crash dir = $dir/crash
heartbeat file =
keyring = $dir/keyring
# one replica, everything on one OSD, few PGs
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon allow pool delete = true
mon warn on pool no redundancy = false
mon max pg per osd = 2000
# do not let paxos wait for a batch of proposals (default 1 s per map change)
paxos propose interval = 0.01
paxos min wait = 0.005
# no logging work, no checksums on loopback messages
$(for d in lockdep context crush mds monc mon ms osd objecter objclass rados rgw rgw_sync auth tp throttle timer \
    paxos perfcounter heartbeatmap asok optracker filer finisher client journaler crypto kstore memdb mgrc mgr \
    bluestore bluefs bdev rocksdb leveldb filestore reserver civetweb; do echo "debug $d = 0/0"; done)
log max recent = 100
throttler perf counter = false
ms crc data = false
ms crc header = false

[mon]
mon data = $dir/mon
mon cluster log to file = false
mon pg warn min per osd = 0
mon data avail crit = 1
mon data avail warn = 2
mon warn on osd down out interval zero = false
mon warn on insecure global id reclaim = false
mon warn on insecure global id reclaim allowed = false
mon osd down out interval = 0

[osd]
osd data = $dir/osd
osd objectstore = ${CEPH_SITE_STORE:-memstore}
osd class load list = *
osd class default list = *
osd max object name len = 2048
osd op num shards = 2
osd op num threads per shard = 2
osd scrub during recovery = false
osd max scrubs = 0
osd enable op tracker = false
# a clean unmount on TERM: memstore only writes its contents to disk then
osd fast shutdown = false
osd memory target = 939524096
memstore device bytes = $bytes
bluestore block size = $bytes
bluestore block create = true
bluestore fsck on mount = false

[client.rgw]
host = localhost
rgw data = $dir/rgw
rgw frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
rgw thread pool size = 64
rgw num rados handles = 1
rgw enable ops log = false
rgw enable usage log = false
rgw enable quota threads = false
rgw enable lc threads = ${CEPH_SITE_LC:-true}
rgw enable apis = s3, s3website, admin, sts, notifications
rgw override bucket index max shards = 1
rgw dynamic resharding = false
rgw relaxed s3 bucket names = true
rgw relaxed region enforcement = true
# known 16.2.15 defect, no setting avoids it: DeleteObjects that triggers a bucket notification aborts radosgw;
# delete one by one in buckets with ObjectRemoved notifications (running "up" again restarts a dead radosgw)
# plain http: allow SSE-C / SSE-KMS without TLS, with a fixed test key
rgw crypt require ssl = false
rgw crypt s3 kms backend = testing
rgw crypt s3 kms encryption keys = testkey-1=YmluCmJvb3N0CmJvb3N0LWJ1aWxkCmNlcGguY29uZgo=
# give space back soon after deletes
rgw gc obj min wait = 30
rgw gc processor period = 30
rgw gc processor max time = 30
CONF
}

cmd_up() {
  [ $# -eq 3 ] || die "usage: $self up NAME PORT DIR"
  local name=$1 port=$2 dir t0 fresh=
  mkdir -p "$3"; dir=$(cd "$3" && pwd -P); t0=$(now)
  mkdir -p "$dir"/{run,log,mon,osd,rgw,crash}
  # leading arguments shared by every daemon and tool
  local -a C=(-c "$dir/ceph.conf")

  # memstore contents survive only a clean `down`; after a crash or kill of the OSD start over
  if [ -e "$dir/ready" ] && grep -q '^osd objectstore = memstore' "$dir/ceph.conf" &&
     ! alive "$dir" osd >/dev/null && [ ! -e "$dir/osd.saved" ]; then
    echo "  memstore contents were lost, recreating $dir"
    cmd_down "$dir" --purge >/dev/null; mkdir -p "$dir"/{run,log,mon,osd,rgw,crash}
  fi
  if [ ! -e "$dir/ready" ]; then
    fresh=1
    ls -A "$dir/mon" "$dir/osd" | grep -q '^[a-z]' && [ ! -e "$dir/ceph.conf" ] && die "$dir is not empty"
    rm -rf "$dir/mon" "$dir/osd"; mkdir -p "$dir/mon" "$dir/osd"
    write_conf "$dir" "$name" "$port"
    local fsid mon
    fsid=$(sed -n 's/^fsid = //p' "$dir/ceph.conf"); mon=$(sed -n 's/^mon host = //p' "$dir/ceph.conf")
    monmaptool --create --clobber --fsid "$fsid" --addv a "[$mon]" "$dir/monmap" >>"$dir/log/mkfs.log" 2>&1
    ceph-mon "${C[@]}" -i a --mkfs --monmap "$dir/monmap" >>"$dir/log/mkfs.log" 2>&1
  fi
  launch "$dir" mon ceph-mon "${C[@]}" -i a -f
  wait_for 30 "mon quorum" ceph "${C[@]}" --connect-timeout 5 mon stat
  echo "  mon    +$(since "$t0")s"

  if [ -n "$fresh" ]; then
    local osd_uuid; osd_uuid=$(cat /proc/sys/kernel/random/uuid)
    ceph "${C[@]}" osd new "$osd_uuid" 0 >>"$dir/log/mkfs.log" 2>&1
    ceph-osd "${C[@]}" -i 0 --mkfs --osd-uuid "$osd_uuid" >>"$dir/log/mkfs.log" 2>&1
  fi
  rm -f "$dir/osd.saved"
  launch "$dir" osd ceph-osd "${C[@]}" -i 0 -f
  wait_for 60 "osd.0 up" bash -c "ceph -c '$dir/ceph.conf' osd stat | grep -q '1 up'"
  echo "  osd    +$(since "$t0")s"

  local ak=${CEPH_SITE_ACCESS:-ceph${name}access} sk=${CEPH_SITE_SECRET:-ceph${name}secret0123456789}
  local -a ADM=(radosgw-admin "${C[@]}" -n client.rgw --admin-socket=)
  if [ -n "$fresh" ] && [ -n "${CEPH_SITE_REPLICATION_API:-}" ]; then
    # without a zonegroup sync policy radosgw answers PutBucketReplication with 405; with it the rules are stored
    # (nothing is copied: a site has one zone). Must exist before radosgw starts.
    { "${ADM[@]}" sync group create --group-id=g1 --status=allowed
      "${ADM[@]}" sync group flow create --group-id=g1 --flow-id=f1 --flow-type=symmetrical --zones=default
      "${ADM[@]}" sync group pipe create --group-id=g1 --pipe-id=p1 --source-zones='*' --source-bucket='*' \
        --dest-zones='*' --dest-bucket='*'; } >>"$dir/log/mkfs.log" 2>&1
  fi
  launch "$dir" rgw radosgw "${C[@]}" -n client.rgw -f
  if [ -n "$fresh" ]; then
    "${ADM[@]}" user create --uid=owner --display-name="Site $name" \
      --access-key="$ak" --secret-key="$sk" --caps='users=*;buckets=*;metadata=*;usage=*;zone=*' \
      ${CEPH_SITE_SYSTEM:+--system} \
      >"$dir/user.json" 2>>"$dir/log/mkfs.log"
    echo "  user   +$(since "$t0")s"
    printf '{"name":"%s","endpoint":"http://127.0.0.1:%s","region":"us-east-1","accessKeyId":"%s","secretAccessKey":"%s","forcePathStyle":true,"dir":"%s"}\n' \
      "$name" "$port" "$ak" "$sk" "$dir" >"$dir/creds.json"
  fi
  wait_for 60 "S3 on port $port" bash -c "exec 3<>/dev/tcp/127.0.0.1/$port && printf 'GET / HTTP/1.0\r\n\r\n' >&3 && head -1 <&3 | grep -q ' 200 '"
  alive "$dir" rgw >/dev/null || die "radosgw exited, see $dir/log/rgw.out"
  : >"$dir/ready"
  echo "  s3     +$(since "$t0")s  http://127.0.0.1:$port  ($dir/creds.json)"
}

cmd_down() {
  [ $# -ge 1 ] || die "usage: $self down DIR [--purge]"
  local dir role pid i; [ -d "$1" ] || die "no such directory: $1"
  dir=$(cd "$1" && pwd -P)
  for role in rgw osd mon; do            # osd before mon; TERM lets memstore save itself to DIR/osd
    pid=$(alive "$dir" "$role") || { rm -f "$dir/run/$role.pid"; continue; }
    kill -TERM "$pid"
    for i in $(seq 1 400); do alive "$dir" "$role" >/dev/null || break; sleep 0.05; done
    if pid=$(alive "$dir" "$role"); then kill -KILL "$pid"; echo "  $role killed"
    else echo "  $role stopped"; [ "$role" != osd ] || : >"$dir/osd.saved"; fi
    rm -f "$dir/run/$role.pid"
  done
  [ "${2:-}" = --purge ] && [ -e "$dir/ceph.conf" ] && rm -rf -- "$dir" && echo "  $dir removed"
  return 0
}

cmd_kill() {
  [ $# -ge 1 ] && [ -d "$1" ] || die "usage: $self kill DIR [ROLE]"
  local dir role pid; dir=$(cd "$1" && pwd -P)
  for role in ${2:-rgw osd mon}; do
    if pid=$(alive "$dir" "$role"); then kill -KILL "$pid"; fi
    rm -f "$dir/run/$role.pid"
  done
}

cmd_status() {
  local dir role pid; dir=$(cd "$1" && pwd -P)
  for role in mon osd rgw; do
    if pid=$(alive "$dir" "$role"); then
      echo "$role pid=$pid rss_kib=$(awk '/^VmRSS/{print $2}' "/proc/$pid/status") threads=$(awk '/^Threads/{print $2}' "/proc/$pid/status")"
    else echo "$role down"; fi
  done
}

case "${1:-}" in
  up) shift; cmd_up "$@" ;;
  down) shift; cmd_down "$@" ;;
  kill) shift; cmd_kill "$@" ;;
  status) shift; cmd_status "$@" ;;
  *) die "usage: $self up NAME PORT DIR | down DIR [--purge] | kill DIR [ROLE] | status DIR" ;;
esac
