# plan, build (what of it needs no guest), convert, inspect, seal, open and verify under strace: not one socket to anywhere.
. "$CASE_LIB/build-case.sh"
. "$CASE_LIB/sockets.sh"
need mke2fs
sockets_need
make_base
recipe_of quiet first.yml >recipe.yml
outputs_of vmdk >>recipe.yml
component_of test Check 'echo first' >first.yml
# With AWS's settings about, as on a machine that also imports.
export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=secret AWS_REGION=us-east-1 AWS_ENDPOINT_URL=http://127.0.0.1:9
quiet() { # WORD…
    sockets_of "$SLIPWAY" "$@" >out 2>err || fail "$1: $(cat err)"
    [ -e trace ] || fail "$1 was not traced"
    sockets_none || fail "slipway $*: $(cat trace)"
}
quiet lint recipe.yml
quiet plan recipe.yml --store store
quiet build --no-test recipe.yml --store store --out built
disk=$(find built -name '*.vmdk')
[ -s "$disk" ] || fail "nothing was built"
quiet convert "$disk" disk.vhd
quiet inspect --digest disk.vhd
quiet verify disk.vhd
quiet keygen ec -o lab.pem
quiet keygen sign-ec -o lab.sign
quiet seal disk.vhd -o disk.vhd.sealed --to pem:lab.pem.pub --sign pem:lab.sign
quiet inspect disk.vhd.sealed
quiet open disk.vhd.sealed -o back.vhd --key pem:lab.pem
quiet verify disk.vhd.sealed --key pem:lab.pem
cmp disk.vhd back.vhd || fail "what opens is something else"

# The trace would show one.
sockets_of /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)'
if sockets_none >/dev/null; then fail "a socket goes unseen"; fi
