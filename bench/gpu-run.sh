#!/bin/sh
# Everything that needs a GPU, in one go: tests, peers, benchmark; logs and JSON go to a folder, the tables are printed last.
#
#   sh bench/gpu-run.sh OUT [TILEC]
#
# TILEC is the folder of an unpacked offline bundle (scripts/pack-offline.mjs), or of a built checkout; default: the one that
# this script is in. Settings: SECONDS_IN_ALL (470), PYTHON (python3), NODE, SKIP ("tests peers tune"), and TUNE, a list of
# operator:workload to be tuned before the benchmark, which then uses what was found.
set -u
out=${1:?the folder for logs}
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "${2:-$(dirname "$0")/..}" || exit 2
node=${NODE:-node}
[ -x ./node ] && node=./node
python=${PYTHON:-python3}
tilec="$node dist/bin/tilec.js"
began=$(date +%s)
total=${SECONDS_IN_ALL:-470}
status=0

left() { echo $((total - $(date +%s) + began)); }
skipped() { case " ${SKIP:-} " in *" $1 "*) return 0 ;; esac; return 1; }

# step NAME LIMIT COMMAND...: its output goes to NAME.log; at most LIMIT seconds, and what is left.
step() {
  name=$1 limit=$2
  shift 2
  [ "$(left)" -lt "$limit" ] && limit=$(left)
  if [ "$limit" -lt 5 ]; then
    echo "$name: no time was left" | tee "$out/$name.log"
    status=1
    return 1
  fi
  start=$(date +%s)
  timeout -s INT -k 20 "$limit" "$@" >"$out/$name.log" 2>&1
  code=$?
  echo "$name: $(($(date +%s) - start)) s, exit $code"
  [ "$code" -eq 0 ] || status=1
  return "$code"
}

nvidia-smi >"$out/nvidia-smi.log" 2>&1
step doctor 20 $tilec doctor
skipped tests || step tests 240 "$node" node_modules/vitest/vitest.mjs run test/gpu test/ops test/programs

peers=
if ! skipped peers; then
  $tilec bench --list --json >"$out/workloads.json" 2>"$out/list.log" &&
    step peers 130 "$python" bench/peers.py --workloads "$out/workloads.json" --out "$out/peers.json"
  [ -s "$out/peers.json" ] && peers="--peers $out/peers.json"
fi

tuned=
if [ -n "${TUNE:-}" ] && ! skipped tune; then
  for each in $TUNE; do
    step "tune-${each%%:*}-${each#*:}" 90 $tilec tune "${each%%:*}" -w "${each#*:}"
  done
  tuned=--tuned
fi

step bench 240 $tilec bench --json "$out/bench.json" --html "$out/bench.html" $peers $tuned

echo
for log in tests peers; do
  [ -f "$out/$log.log" ] && { echo "== $log, last lines"; tail -n 12 "$out/$log.log"; echo; }
done
for log in "$out"/tune-*.log; do
  [ -f "$log" ] && { echo "== $(basename "$log" .log)"; tail -n 12 "$log"; echo; }
done
echo "== bench"
cat "$out/bench.log"
exit $status
