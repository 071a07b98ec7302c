# The same packages give the same disk, and it passes the file system's and the partition table's own checks.
"$CASE_LIB/tiny-guest" first.raw
sleep 1
"$CASE_LIB/tiny-guest" second.raw
cmp first.raw second.raw
[ "$(stat -c %s first.raw)" = 67108864 ]

PATH=$PATH:/sbin:/usr/sbin
sgdisk -v first.raw | grep -q 'No problems found'
e2fsck -fn 'first.raw?offset=1048576' >/dev/null 2>&1
debugfs -R 'cat /etc/os-release' 'first.raw?offset=1048576' 2>/dev/null | grep -qx ID=tiny
debugfs -R 'stat /usr/bin/bash' 'first.raw?offset=1048576' 2>/dev/null | grep -q 'User: *0 '

"$CASE_LIB/tiny-guest" mbr.raw --table mbr --size 48M
[ "$(od -An -tx1 -j510 -N2 mbr.raw | tr -d ' ')" = 55aa ]
e2fsck -fn 'mbr.raw?offset=1048576' >/dev/null 2>&1

[ -z "$(find . -name '*.partial*' -o -name '*.raw.*')" ]
