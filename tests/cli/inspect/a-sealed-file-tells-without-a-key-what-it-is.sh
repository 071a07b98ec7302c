# Suite, frames, context, recipients of the message and of its sidecar; marked as not verified until a key is given.
. "$CASE_LIB/disks.sh"
make_disk disk.raw 5
"$SLIPWAY" keygen aes -q -o aes.key
"$SLIPWAY" keygen aes -q -o other.key
"$SLIPWAY" keygen rsa -q -o lab.pem
"$SLIPWAY" convert -q -f raw disk.raw disk.vmdk
"$SLIPWAY" convert -q -f raw disk.raw d.vmdk.sealed --seal-to pem:lab.pem.pub --seal-to aes:aes.key,ns=site,name=courier
"$SLIPWAY" inspect d.vmdk.sealed >said
grep -q 'not verified' said
grep -q 'suite 0x0478 (AES_256_GCM_HKDF_SHA512_COMMIT_KEY)' said
grep -q 'image-format=vmdk' said
grep -q 'slipway-artifact/[0-9a-f]\{32\} (artifact key' said
grep -q 'slipway/rsa-[0-9a-f]\{16\} (RSA key)' said
grep -q 'site/courier (AES key)' said
grep -q '^opened by: *any one of 2 keys: slipway/rsa-[0-9a-f]* site/courier$' said
if grep -q 'virtual size' said; then exit 1; fi

size=$(stat -c %s disk.vmdk)
"$SLIPWAY" inspect --json d.vmdk.sealed >said.json
jq -e --argjson size "$size" '.content == null and (.sealed |
    .verified == false and .message.plaintext_bytes == $size and .message.frame_bytes == 65536 and
    .message.frames == ($size / 65536 | floor) + 1 and .message.context["image-format"] == "vmdk" and
    (.message.recipients | length) == 1 and (.sidecar.message.recipients | length) == 2 and
    .sidecar.message.context.purpose == "artifact-key" and .opened_by[1] == "site/courier" and
    (.message.message_id | length) == 64 and .sidecar.file == "d.vmdk.keys")' said.json >/dev/null
[ "$(jq -r .sealed.message.message_id said.json)" = "$(od -An -tx1 -j3 -N32 d.vmdk.sealed | tr -d ' \n')" ]

# With a key it is believed, and the image in it is told of as that of a plain file.
"$SLIPWAY" inspect d.vmdk.sealed --key aes:aes.key,ns=site,name=courier >said
grep -q 'verified: *yes' said
grep -q '^virtual size: *5.0 MiB' said
diff <("$SLIPWAY" inspect --digest disk.vmdk | grep -v '^image:') \
    <("$SLIPWAY" inspect --digest d.vmdk.sealed --key pem:lab.pem | sed '1,/^image:/d')
"$SLIPWAY" inspect --json d.vmdk.sealed --key pem:lab.pem |
    jq -e '.sealed.verified and .content.format == "vmdk" and .content.virtual_bytes == 5242880' >/dev/null
refused 5 "no key was given" "$SLIPWAY" inspect d.vmdk.sealed --key aes:other.key
refused 2 "name the key" "$SLIPWAY" inspect --digest d.vmdk.sealed
refused 5 "no Encryption SDK message" "$SLIPWAY" inspect disk.vmdk --key pem:lab.pem

# The sidecar by itself, a direct message, and something that is no image.
"$SLIPWAY" inspect d.vmdk.keys | grep -q '^opened by: *any one of 2 keys'
printf 'name: web\n' >component.yaml
"$SLIPWAY" seal component.yaml -q -o component.yaml.sealed --direct --to aes:aes.key
"$SLIPWAY" inspect component.yaml.sealed | grep -q '^opened by: *any one of 1 keys: slipway/aes-'
"$SLIPWAY" inspect component.yaml.sealed --json --key aes:aes.key |
    jq -e '.sealed.verified and .content == null and .sealed.sidecar == null' >/dev/null
refused 2 "format of" "$SLIPWAY" inspect component.yaml.sealed --key aes:aes.key --digest

# Without its sidecar, and with that of another file.
mv d.vmdk.keys kept
"$SLIPWAY" inspect d.vmdk.sealed | grep -q 'without it nobody opens'
"$SLIPWAY" inspect d.vmdk.sealed --json | jq -e '.sealed.sidecar.missing and .sealed.opened_by == []' >/dev/null
printf 'no message' >d.vmdk.keys
"$SLIPWAY" inspect d.vmdk.sealed | grep -q "no Encryption SDK message"
refused 5 "cannot open" "$SLIPWAY" inspect d.vmdk.sealed --key pem:lab.pem

# A signed message's length does not tell where its frames end; they are found nevertheless.
for length in 0 1 1023 1024 1025 9000; do
    head -c $length /dev/urandom >bytes
    for size in 1K 64K; do
        "$SLIPWAY" seal bytes -q -o s.sealed --suite 0578 --frame-size $size --to aes:aes.key
        "$SLIPWAY" inspect s.sealed --json >unverified.json
        jq -e --argjson length $length '.sealed.message | .signed and .plaintext_bytes == $length' unverified.json >/dev/null
        [ "$(jq -c .sealed.message unverified.json)" = \
            "$("$SLIPWAY" inspect s.sealed --json --key aes:aes.key | jq -c .sealed.message)" ]
    done
done
head -c -1 s.sealed >cut.sealed
refused 5 "do not end where it ends" "$SLIPWAY" inspect cut.sealed
refused 2 "signed message" "$SLIPWAY" seal bytes -o r.sealed --suite 0578 --to aes:aes.key --resume-key aes:aes.key
