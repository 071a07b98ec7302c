# Whatever an image names or claims: it is refused within seconds and 256 MiB, and no other path is opened, nothing run.
# A sanitizer does not work under a tracer.
[ -z "${SLIPWAY_SANITIZED:-}" ] || exit 77
. "$CASE_LIB/disks.sh"
need strace qemu-img tar
make_disk disk.raw 9
mkdir bad out parents
for format in qcow2 vhd vhdx vmdk ova; do "$SLIPWAY" convert -q -f raw disk.raw good.$format; done
"$SLIPWAY" convert -q -f raw -o subformat=monolithicSparse disk.raw good-sparse.vmdk

qemu-img create -q -u -f qcow2 -b /etc/passwd -F raw bad/backing.qcow2 9M
qemu-img create -q -u -f qcow2 -b ../../../../../etc/passwd -F raw bad/above.qcow2 9M
qemu-img create -q -u -f qcow2 -b self.qcow2 -F qcow2 parents/self.qcow2 9M
cp parents/self.qcow2 bad/self.qcow2
qemu-img create -q -f qcow2 -o data_file=outside.raw,data_file_raw=on bad/data-file.qcow2 9M
sed -i 's,outside.raw,/etc/passwd,' bad/data-file.qcow2
extent() { # NAME LINE
    printf '# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType="%s"\nRW 18432 %s\n' "$2" "$3" >"bad/$1.vmdk"
}
extent flat monolithicFlat 'FLAT "/etc/passwd" 0'
extent flat-above twoGbMaxExtentFlat 'FLAT "../../../etc/passwd" 0'
extent sparse twoGbMaxExtentSparse 'SPARSE "/etc/passwd"'
extent itself twoGbMaxExtentSparse 'SPARSE "itself.vmdk"'
cp bad/itself.vmdk parents/
extent device fullDevice 'FLAT "/dev/vda" 0'
extent raw-device vmfsRawDeviceMap 'VMFSRDM "/etc/passwd"'
mkdir tar
tar xf good.ova -C tar
ln -s /etc/passwd tar/link.vmdk
tar cf bad/link.ova -C tar good.ovf link.vmdk good-disk1.vmdk
tar cPf bad/above.ova -C tar --transform 's,^good-disk1,../../good-disk1,' good.ovf good-disk1.vmdk

python3 - <<'END'
import struct, zlib
def load(name):
    return bytearray(open(name, "rb").read())
def save(name, data):
    with open("bad/" + name, "wb") as file:
        file.write(data)
EIB = 1 << 60

# A disk of 1 EiB.
data = load("good.qcow2")
struct.pack_into(">Q", data, 24, EIB)
save("exbibyte.qcow2", data)
data = load("good-sparse.vmdk")
struct.pack_into("<Q", data, 12, EIB // 512)
save("exbibyte.vmdk", data)
def vhd_sum(data, at, length, field):
    struct.pack_into(">I", data, at + field, 0)
    struct.pack_into(">I", data, at + field, ~sum(data[at:at + length]) & 0xffffffff)
data = load("good.vhd")
for at in (0, len(data) - 512):
    struct.pack_into(">QQ", data, at + 40, EIB, EIB)
    vhd_sum(data, at, 512, 64)
save("exbibyte.vhd", data)
data = load("good.vhdx")
table = data.index(b"metadata")
item = data.index(bytes.fromhex("2442a52f1bcd7648b2115dbed83bf4b8"), table) # virtual disk size
offset, = struct.unpack_from("<I", data, item + 16)
assert struct.unpack_from("<Q", data, table + offset) == (9 << 20,)
struct.pack_into("<Q", data, table + offset, EIB)
save("exbibyte.vhdx", data)

# A differencing VHD whose parent's name leads away.
data = load("good.vhd")
for at in (0, len(data) - 512):
    struct.pack_into(">I", data, at + 60, 4)
    vhd_sum(data, at, 512, 64)
name = "/etc/passwd".encode("utf-16-be")
data[512 + 64:512 + 64 + len(name)] = name
data[512 + 576:512 + 580] = b"W2ru"
struct.pack_into(">IIIQ", data, 512 + 580, 512, 22, 0, 512 + 0x200)
vhd_sum(data, 512, 1024, 36)
save("parent.vhd", data)

# One cluster that is all of the disk: 512 GiB, and 64 TiB where the tables are one as well.
def bomb(tables):
    cluster = 2 << 20
    deflate = zlib.compressobj(9, zlib.DEFLATED, -12)
    coded = deflate.compress(b"A" * cluster) + deflate.flush()
    data = bytearray(4 * cluster)
    struct.pack_into(">IIQIIQIIQQIIQ", data, 0, 0x514649fb, 2, 0, 0, 21, tables << 39, 0, tables, cluster, 0, 0, 0, 0)
    for i in range(tables):
        struct.pack_into(">Q", data, cluster + 8 * i, 2 * cluster | 1 << 63)
    entry = 1 << 62 | (len(coded) - 1) // 512 << 49 | 3 * cluster
    data[2 * cluster:3 * cluster] = struct.pack(">Q", entry) * (cluster // 8)
    data[3 * cluster:3 * cluster + len(coded)] = coded
    return data
save("bomb.qcow2", bomb(1))
save("bombs.qcow2", bomb(128))
# Every grain, and every block, at the same place.
data = load("good-sparse.vmdk")
capacity, grain, _, _, gtes, _, directory = struct.unpack_from("<QQQQIQQ", data, 12)
struct.pack_into("<Q", data, 12, 1 << 32) # 2 TiB
table, = struct.unpack_from("<I", data, directory * 512)
data.extend(bytes(-len(data) % 512))
struct.pack_into("<Q", data, 56, len(data) // 512)
data.extend(struct.pack("<I", table) * ((1 << 32) // (grain * gtes)))
save("bomb.vmdk", data)
END

# What a run opens beyond the program's own: libraries, what the system says of itself, the folders given.
foreign() {
    python3 - "$1" "$PWD" <<'END'
import os, re, sys
log, here = sys.argv[1:]
own = ("/lib", "/usr/lib", "/usr/share", "/etc/ld.so", "/etc/ssl", "/usr/local/lib", "/proc/self", "/proc/filesystems", "/proc/stat", "/proc/sys/kernel", "/sys/", "/dev/null", "/dev/urandom")
build = os.path.dirname(os.environ["SLIPWAY"])
bad = []
for line in open(log, errors="replace"):
    call = re.search(r'(open|openat|openat2|creat|execve|connect)\((?:AT_FDCWD|\d+)?(?:<[^>]*>)?,? ?"((?:[^"\\]|\\.)*)"', line)
    if "connect(" in line or ("execve(" in line and "slipway" not in line):
        bad.append(line)
    elif call and "execve" not in line and " = -1" not in line:
        path = os.path.normpath(os.path.join(here, call.group(2)))
        if not path.startswith(own) and not path.startswith((here + "/", build)) and path != here:
            bad.append(line)
    elif call and "passwd" in call.group(2) and "RESOLVE_BENEATH" not in line:
        bad.append(line) # asked for, were it there
sys.stdout.writelines(bad)
END
}

# run VERB ARGUMENTS…: slipway under a tracer, within 5 seconds of processor and 256 MiB of addresses
run() {
    (
        ulimit -v 262144 -t 5
        exec timeout 60 strace -f -o log -e trace=open,openat,openat2,creat,connect,execve "$SLIPWAY" "$@" >said 2>&1
    )
}

checked=0
for image in bad/*; do
    status=0
    run convert -q -j 1 --allow-parent parents -O raw "$image" out/disk.raw || status=$?
    case $status in 4 | 5) ;; *) echo "$image: exit status $status: $(cat said)" && exit 1 ;; esac
    [ "$(wc -l <said)" = 1 ] || { echo "$image: $(cat said)"; exit 1; }
    [ -z "$(foreign log)" ] || { echo "$image: $(foreign log)"; exit 1; }
    # What can be told of it may be told.
    status=0
    run inspect "$image" || status=$?
    case $status in 0 | 4 | 5) ;; *) echo "$image: inspect: exit status $status: $(cat said)" && exit 1 ;; esac
    [ -z "$(foreign log)" ] || { echo "$image: inspect: $(foreign log)"; exit 1; }
    checked=$((checked + 1))
done
[ "$checked" = 20 ] || { ls bad; exit 1; }
[ -z "$(ls -A out)" ]
