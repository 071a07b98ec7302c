# shellcheck shell=bash
# Making a bootable disk image as an ordinary user: no loop device, no mount, no root. Everything is written into
# one raw file at byte offsets. The caller has set -euo pipefail.
#
# The layout, in sectors of 512 bytes: 1 MiB for GRUB's core (bios_grub), an ESP, and an ext4 root to the end.

PATH=$PATH:/usr/sbin:/sbin # where Debian keeps the file system tools, not on an ordinary user's path

readonly DISK_BIOS_START=2048 DISK_ESP_START=4096
readonly DISK_GRUB_MODULES="part_gpt part_msdos ext2 search search_fs_uuid normal configfile linux boot echo test ls
    gzio serial terminal minicmd"

# The numbers below are little-endian on disk. usage: disk_poke FILE OFFSET NUMBER BYTES
disk_poke() {
    local value=$3 octets='' i
    for ((i = 0; i < $4; i++)); do
        octets+=$(printf '\\x%02x' $((value & 255)))
        value=$((value >> 8))
    done
    # shellcheck disable=SC2059 # the octets are the format
    printf "$octets" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# usage: disk_gpt FILE SIZE_BYTES ESP_MIB GUID_PREFIX   prints the root's first and last sector
# The GUIDs are GUID_PREFIX (all but the last digit) and a number. ESP_MIB 0: the root alone, not bootable.
disk_gpt() {
    local file=$1 size=$2 esp_mib=$3 prefix=$4 root_start=$DISK_BIOS_START root_number=1
    local -a boot_partitions=()
    if ((esp_mib > 0)); then
        root_start=$((DISK_ESP_START + esp_mib * 2048))
        root_number=3
        boot_partitions=(
            --new="1:$DISK_BIOS_START:$((DISK_ESP_START - 1))" --typecode=1:ef02 --change-name=1:bios
            --partition-guid="1:${prefix}1"
            --new="2:$DISK_ESP_START:$((root_start - 1))" --typecode=2:ef00 --change-name=2:esp
            --partition-guid="2:${prefix}2"
        )
    fi
    # The last MiB holds the second table; the root ends on a MiB so that every tool agrees on its size.
    local root_end=$(((size / 1048576 - 1) * 2048 - 1))
    rm -f "$file"
    truncate -s "$size" "$file"
    sgdisk --clear --disk-guid="${prefix}0" "${boot_partitions[@]}" \
        --new="$root_number:$root_start:$root_end" --typecode="$root_number:8304" \
        --change-name="$root_number:root" --partition-guid="$root_number:${prefix}3" "$file" >/dev/null
    echo "$root_start $root_end"
}

# One Linux partition in an MBR. usage: disk_mbr FILE SIZE_BYTES DISK_ID   prints the root's first and last sector
disk_mbr() {
    local file=$1 size=$2 start=2048
    rm -f "$file"
    truncate -s "$size" "$file"
    local end=$((size / 512 - 1))
    disk_poke "$file" 440 "$3" 4
    disk_poke "$file" 446 $((0x80)) 1 # active
    disk_poke "$file" 447 $((0xfffffe)) 3 # beyond what cylinders, heads and sectors can say
    disk_poke "$file" 450 $((0x83)) 1
    disk_poke "$file" 451 $((0xfffffe)) 3
    disk_poke "$file" 454 "$start" 4
    disk_poke "$file" 458 $((end - start + 1)) 4
    disk_poke "$file" 510 $((0xaa55)) 2
    echo "$start $end"
}

# usage: disk_ext4 FILE FIRST_SECTOR LAST_SECTOR TREE UUID EPOCH [MKE2FS_OPTION…]
# Fills an ext4 file system from TREE, the owners as stat says them (run it in fakeroot to keep a tar's owners).
# All times become those of TREE or EPOCH, so that the same tree gives the same bytes.
disk_ext4() {
    local file=$1 offset=$(($2 * 512)) kib=$((($3 - $2 + 1) / 2)) tree=$4 uuid=$5 epoch=$6
    shift 6
    E2FSPROGS_FAKE_TIME=$epoch mke2fs -q -F -t ext4 -b 4096 -L root -U "$uuid" \
        -O '^metadata_csum_seed,^orphan_file' \
        -E "offset=$offset,hash_seed=$uuid,lazy_itable_init=0,lazy_journal_init=0,nodiscard" \
        "$@" -d "$tree" "$file" "${kib}k"
    disk_ext4_settle "$file" "$offset" "$epoch" "${DISK_ALL_ROOT:+all-root}"
    e2fsck -f -n "$file?offset=$offset" >/dev/null 2>&1 ||
        { echo "the file system just made does not pass e2fsck" >&2; return 1; }
}

# mke2fs copies the change and access times of the machine's own files: set them to what they would be in a fresh
# install. With all-root, every owner becomes root. Inodes are given out in order, so a count is a list.
disk_ext4_settle() {
    local target="$1?offset=$2" epoch=$3 all_root=$4 total free
    total=$(dumpe2fs -h "$target" 2>/dev/null | awk -F: '/^Inode count/ {print $2 + 0}')
    free=$(dumpe2fs -h "$target" 2>/dev/null | awk -F: '/^Free inodes/ {print $2 + 0}')
    awk -v last=$((total - free)) -v epoch="@$epoch" -v all_root="$all_root" 'BEGIN {
        split("ctime atime crtime", times); fields = 3
        for (inode = 2; inode <= last; inode = inode == 2 ? 11 : inode + 1) {
            for (i = 1; i <= fields; i++) {
                printf "sif <%d> %s %s\n", inode, times[i], epoch
            }
            printf "sif <%d> ctime_extra 0\nsif <%d> atime_extra 0\n", inode, inode
            if (all_root) printf "sif <%d> uid 0\nsif <%d> gid 0\n", inode, inode
            if (inode <= 11) printf "sif <%d> mtime %s\n", inode, epoch
        }
    }' >"$1.inodes"
    E2FSPROGS_FAKE_TIME=$epoch debugfs -w -f "$1.inodes" "$target" >/dev/null 2>&1
    rm -f "$1.inodes"
}

# usage: disk_grub_bios FILE ROOT_UUID WORK_DIR   boot sector and core of a GRUB that finds its root by UUID
disk_grub_bios() {
    local file=$1 work=$3 from=/usr/lib/grub/i386-pc core
    core=$work/core.img
    disk_grub_early "$2" >"$work/early.cfg"
    # shellcheck disable=SC2086 # a list of modules
    grub-mkimage -O i386-pc -d "$from" -c "$work/early.cfg" -p /boot/grub -o "$core" biosdisk $DISK_GRUB_MODULES
    if (($(stat -c %s "$core") > (DISK_ESP_START - DISK_BIOS_START) * 512)); then
        echo "GRUB's core is larger than its partition" >&2
        return 1
    fi
    # The first sector of the core loads the rest: its list of blocks, at the sector's end, counts from here.
    disk_poke "$core" 500 $((DISK_BIOS_START + 1)) 8
    dd if="$core" of="$file" bs=512 seek=$DISK_BIOS_START conv=notrunc status=none
    # The boot code ends where the disk's identity and the partition table begin.
    dd if="$from/boot.img" of="$file" bs=440 count=1 conv=notrunc status=none
    disk_poke "$file" 92 $DISK_BIOS_START 8
    # Two no-operations make the boot code check the drive's number, which some BIOSes pass wrongly.
    disk_poke "$file" 102 $((0x9090)) 2
}

# usage: disk_grub_efi FILE ESP_MIB VOLUME_ID ROOT_UUID WORK_DIR EPOCH   the ESP with \EFI\BOOT\BOOTX64.EFI
disk_grub_efi() {
    local file=$1 esp_mib=$2 volume_id=$3 work=$5 esp=$5/esp.img
    disk_grub_early "$4" >"$work/early.cfg"
    # shellcheck disable=SC2086 # a list of modules
    grub-mkimage -O x86_64-efi -d /usr/lib/grub/x86_64-efi -c "$work/early.cfg" -p /boot/grub \
        -o "$work/BOOTX64.EFI" fat all_video $DISK_GRUB_MODULES
    touch -d "@$6" "$work/BOOTX64.EFI"
    rm -f "$esp"
    truncate -s "${esp_mib}M" "$esp"
    mkfs.vfat --invariant -i "$volume_id" -n ESP "$esp" >/dev/null
    SOURCE_DATE_EPOCH=$6 TZ=UTC mmd -i "$esp" ::/EFI ::/EFI/BOOT
    SOURCE_DATE_EPOCH=$6 TZ=UTC mcopy -m -i "$esp" "$work/BOOTX64.EFI" ::/EFI/BOOT/BOOTX64.EFI
    dd if="$esp" of="$file" bs=1M seek=$((DISK_ESP_START / 2048)) conv=notrunc,sparse status=none
    rm -f "$esp"
}

# What GRUB does before it can read its configuration.
disk_grub_early() {
    # shellcheck disable=SC2016 # GRUB expands these
    printf 'search.fs_uuid %s root\nset prefix=($root)/boot/grub\nconfigfile ($root)/boot/grub/grub.cfg\n' "$1"
}

# usage: disk_publish PARTIAL OUT   the image appears whole or not at all
disk_publish() {
    sync "$1"
    mv -f "$1" "$2"
    sync "$(dirname "$2")"
}

# 2G, 512M, 1048576 -> bytes
disk_bytes() {
    [[ $1 =~ ^[1-9][0-9]*[KMG]?$ ]] || { echo "not a size: '$1' (a number, with K, M or G behind it)" >&2; return 1; }
    numfmt --from=iec "$1"
}
