# A stopped run is gone on with only by who has the key, for the same bytes and the same command; else the message id is new.
. "$CASE_LIB/disks.sh"
"$SLIPWAY" keygen aes -q -o aes.key
"$SLIPWAY" keygen aes -q -o resume.key
"$SLIPWAY" keygen aes -q -o other.key
openssl enc -aes-256-ctr -K 00 -iv 00 -in /dev/zero 2>/dev/null | head -c 12000000 >plain || true
mkdir out stopped
seal() { "$SLIPWAY" seal plain -o out/p.sealed --to aes:aes.key "$@"; }
id() { od -An -tx1 -j3 -N32 "$1" | tr -d ' \n'; }
# Stops a run with at least two segments behind it; keeps what it left.
status=0
"$CASE_LIB/stop-when" KILL out/.p.sealed.partial 5000000 "$SLIPWAY" seal plain -o out/p.sealed --to aes:aes.key \
    --resume-key aes:resume.key -j 1 || status=$?
[ $status = 137 ]
[ "$(wc -l <out/.p.sealed.journal)" -ge 4 ]
cp -p out/.p.sealed.* stopped
first=$(id out/.p.sealed.partial)
# The journal tells nothing: neither key, nor a digest of the plaintext.
if grep -qiF "$(head -c 64 aes.key)" out/.p.sealed.journal; then exit 1; fi
digest=$(head -c 1048576 plain | sha256sum | cut -d' ' -f1)
if grep -q "$digest" out/.p.sealed.journal; then exit 1; fi
again() { # brings the stopped run back
    rm -f out/p.* out/.p.*
    cp -p stopped/.p.sealed.* out
}
finished() {
    (cd out && nothing_but p.keys p.sealed)
    "$SLIPWAY" open out/p.sealed -q -o opened --key aes:aes.key
    cmp plain opened
}
anew() { # PART COMMAND…: it finishes, with another message id, and says why
    local part=$1
    shift
    "$@" 2>said
    grep -q "begins anew.*$part" said || { cat said; return 1; }
    [ "$(id out/p.sealed)" != "$first" ] || { echo "the same message id: $*"; return 1; }
    finished
}
again
seal --resume-key aes:resume.key 2>said
grep -q 'goes on at [1-9]' said
[ "$(id out/p.sealed)" = "$first" ]
finished

again
# Whoever has not the key neither goes on with it nor takes it away from who has.
refused 5 "no key was given" seal --resume-key aes:other.key
cmp out/.p.sealed.journal stopped/.p.sealed.journal
cmp out/.p.sealed.partial stopped/.p.sealed.partial
seal --resume-key aes:resume.key 2>said
grep -q 'goes on at [1-9]' said
[ "$(id out/p.sealed)" = "$first" ]
finished
again
anew "another command" seal --resume-key aes:resume.key --frame-size 32K
again
anew "another command" seal --resume-key aes:resume.key --context a=b
again
seal -q
[ "$(id out/p.sealed)" != "$first" ]
finished

flip() { # FILE OFFSET
    python3 - "$1" "$2" <<'END'
import os, sys
st = os.stat(sys.argv[1])
with open(sys.argv[1], "r+b") as f:
    f.seek(int(sys.argv[2]))
    byte = f.read(1)[0]
    f.seek(-1, 1)
    f.write(bytes([byte ^ 1]))
os.utime(sys.argv[1], ns=(st.st_atime_ns, st.st_mtime_ns))
END
}
# A journal, or what it vouches for, that is damaged, forged or somebody else's.
again
flip out/.p.sealed.journal 100
anew "is missing or damaged\|another command\|has changed\|it:" seal --resume-key aes:resume.key
again
head -c 500 stopped/.p.sealed.journal >out/.p.sealed.journal
anew "" seal --resume-key aes:resume.key
again
: >out/.p.sealed.journal
anew "" seal --resume-key aes:resume.key
again
rm out/.p.sealed.journal
ln -s ../plain out/.p.sealed.journal
anew "is missing or damaged\|another command\|has changed\|it:" seal --resume-key aes:resume.key
again
head -c 2000000 stopped/.p.sealed.partial >out/.p.sealed.partial
anew "truncated" seal --resume-key aes:resume.key
# Without a journal nothing is known, and nothing of the old bytes stays.
again
rm out/.p.sealed.journal
seal --resume-key aes:resume.key 2>said
if grep -q 'goes on' said; then exit 1; fi
[ "$(id out/p.sealed)" != "$first" ]
finished
# One byte of the source, where it was sealed already; size and mtime stay.
again
flip plain 1000000
anew "has changed" seal --resume-key aes:resume.key
flip plain 1000000
# Back again: the bytes are the same, but the stamps tell that somebody was there.
again
anew "has changed" seal --resume-key aes:resume.key

# The header of a direct message is for the keys that were there: another one under the same name is another recipient.
rm -r out
mkdir out
direct() { "$SLIPWAY" seal plain -o out/p.sealed --direct --to "$1" --resume-key aes:resume.key "${@:2}"; }
status=0
"$CASE_LIB/stop-when" KILL out/.p.sealed.partial 5000000 "$SLIPWAY" seal plain -o out/p.sealed --direct \
    --to aes:aes.key,name=lab --resume-key aes:resume.key -j 1 || status=$?
[ $status = 137 ]
first=$(id out/.p.sealed.partial)
direct aes:other.key,name=lab 2>said
grep -q "begins anew.*another command" said
[ "$(id out/p.sealed)" != "$first" ]
"$SLIPWAY" open out/p.sealed -q -o opened --key aes:other.key,name=lab
cmp plain opened
printf 'correct horse\n' >phrase
chmod 600 phrase
refused 2 "one run's work" direct pass:file:phrase,cost=15 -q
rm -r out
mkdir out
seal -q

# What gives a passphrase once is not asked for it twice.
refused 2 "pass:file:FILE" "$SLIPWAY" seal plain -o x.sealed --to aes:aes.key --resume-key pass:fd:3 3<phrase
refused 2 "pass:file:FILE" "$SLIPWAY" seal plain -o x.sealed --to aes:aes.key --resume-key pass:prompt
refused 5 "resume-key" "$SLIPWAY" seal plain -o x.sealed --to aes:aes.key --resume-key aes:missing
nothing_but aes.key opened other.key out out/p.keys out/p.sealed phrase plain resume.key said stopped \
    stopped/.p.sealed.journal stopped/.p.sealed.partial
