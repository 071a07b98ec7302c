# skopeo moves a state to a registry and back into another layout: the digests are the same and the chain opens there.
# shellcheck source=tests/lib/store-case.sh
. "$CASE_LIB/store-case.sh"
need skopeo docker-registry qemu-img qemu-io
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >registry.yml <<YML
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $PWD/registry}}
http: {addr: "127.0.0.1:$port"}
YML
docker-registry serve registry.yml >registry.log 2>&1 &
registry=$!
trap 'kill $registry' EXIT

make_disk disk.raw 16 3
base=$(store_tool ingest store disk.raw raw 2)
qemu-img create -q -f qcow2 -b "$PWD/store/blobs/sha256/$base" -F qcow2 overlay
qemu-io -f qcow2 -c 'write -P 0x11 1M 300k' overlay >/dev/null
layer=$(store_tool commit store "$base" overlay 2)
manifest=$(store_tool tag store web:1.0.0 web 1.0.0 "$layer")
for _ in $(seq 50); do
    (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    sleep 0.1
done

there="docker://localhost:$port/images/web:1.0.0"
skopeo copy -q --insecure-policy --dest-tls-verify=false oci:store:web:1.0.0 "$there"
assert_same 'digest in the registry' "sha256:$manifest" \
    "$(skopeo inspect --raw --tls-verify=false "$there" | sha256sum | sed 's/^/sha256:/; s/ .*//')"
skopeo copy -q --insecure-policy --src-tls-verify=false "$there" oci:back:web:1.0.0
assert_same 'blobs' "$(cd store/blobs/sha256 && echo *)" "$(cd back/blobs/sha256 && echo *)"
(cd back/blobs/sha256 && for blob in *; do echo "$blob  $blob"; done | sha256sum --quiet -c -)

# The layout that skopeo made is a store: it lists, verifies, opens in place, and can be worked on.
"$SLIPWAY" store verify --store back
"$SLIPWAY" store ls --store back | grep -q 'web:1.0.0: 2 layers'
qemu-img compare -f qcow2 -F qcow2 overlay "back/blobs/sha256/$layer"
assert_same 'the base again' "$base" "$(store_tool ingest back disk.raw raw 1)"
# And back into a store that has it already.
skopeo copy -q --insecure-policy --src-tls-verify=false "$there" oci:store:copy:2
"$SLIPWAY" store verify --store store
