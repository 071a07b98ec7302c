# Usage errors: exit status 2, before anything is written.
. "$CASE_LIB/disks.sh"
make_disk disk.raw 9
run() { "$SLIPWAY" convert -f raw "$@"; }
refused 2 "give -O FORMAT" run disk.raw out
refused 2 "give -O FORMAT" run disk.raw out.xyz
refused 2 "format 'xyz' is not known" run -O xyz disk.raw out
refused 2 "format 'xyz' is not known" "$SLIPWAY" convert -f xyz disk.raw out.raw
refused 2 "'level' is not KEY=VALUE" run -o level disk.raw out.qcow2
refused 2 "-o level: 'x'" run -o level=x disk.raw out.qcow2
refused 2 "-o level: '0'" run -o level=0 disk.raw out.qcow2
refused 2 "zstd levels 1 to 19" run -o level=20 disk.raw out.qcow2
refused 2 "zlib levels 1 to 9, not 10" run -o subformat=zlib,level=10 disk.raw out.qcow2
refused 2 "-o colour: not known" run -o level=3,colour=red disk.raw out.qcow2
refused 2 "given with -B" run -o backing_file=x disk.raw out.qcow2
refused 2 "512 bytes to 2 MiB" run -o cluster_size=4M disk.raw out.qcow2
refused 2 "512 bytes to 2 MiB" run -o cluster_size=1000 disk.raw out.qcow2
refused 2 "-o cluster_size: '64KB'" run -o cluster_size=64KB disk.raw out.qcow2
refused 2 "no subformat 'thick'" run -o subformat=thick disk.raw out.qcow2
refused 2 "takes no level" run -o level=3 disk.raw out.raw
refused 2 "no manifest of 'md5'" run -o manifest=md5 disk.raw out.ova
refused 2 "a machine of 200 processors" run -o cpus=200 disk.raw out.ova
refused 2 "no multiple of 1M" run -o memory=1000 disk.raw out.ova
refused 2 "a multiple of 4 MiB" run -o memory=1M disk.raw out.ova
refused 2 "describes no machine" run -o memory=1G disk.raw out.vmdk
refused 2 "missing argument" run disk.raw
nothing_but disk.raw
for value in x -1 '' 86400001 99999999999999999999; do
    SLIPWAY_CHECKPOINT_MS=$value refused 2 "SLIPWAY_CHECKPOINT_MS: '$value' is not a number" run disk.raw out.raw
done
nothing_but disk.raw
