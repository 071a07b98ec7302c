# A Windows drive gets its files and registry values offline, in whatever case a document names them; what needs a
# running Windows waits in the image's queue, in order, with a service for it; the manifest says so, cached or not.
# appliance: 1
# timeout: 300
# shellcheck source=tests/lib/build-case.sh
. "$CASE_LIB/build-case.sh"
need ntfscat ntfsls hivexget jq getfattr
need_appliance
"$CASE_LIB/tiny-windows" base.raw || exit $?
cat >app.yml <<'YAML'
name: app
schemaVersion: 1.0
phases:
  - name: build
    steps:
      - name: Files
        action: CreateFile
        inputs:
          - path: c:\program files\Acme\Config.INI
            content: "one\r\n"
          - path: C:\Program Files\acme\secret.txt
            content: two
      - name: More
        action: AppendFile
        inputs:
          - {path: 'C:\PROGRAM FILES\ACME\CONFIG.ini', content: three}
      - name: Copy
        action: CopyFile
        inputs:
          - {source: 'C:\Program Files\Acme\*.TXT', destination: 'C:\Users\Default\'}
      - name: Delete
        action: DeleteFile
        inputs:
          - path: C:\program files\acme\SECRET.txt
      - name: Set
        action: SetRegistry
        inputs:
          - {path: 'HKLM:\SOFTWARE\Acme', name: Size, value: 42, type: DWORD}
          - {path: 'HKLM:\SYSTEM\CurrentControlSet\Services\acme', name: Start, value: 3, type: DWORD}
      - name: Install
        action: ExecutePowerShell
        inputs: {commands: ['exit 3010']}
      - name: Behind
        action: DeleteFile
        inputs:
          - path: C:\Program Files\Acme\Config.ini
YAML
cat >later.yml <<'YAML'
name: later
schemaVersion: 1.0
phases:
  - name: build
    steps:
      - name: Folder
        action: CreateFolder
        inputs:
          - path: C:\late
      - name: Others
        action: ExecuteDocument
        inputs: {document: outer.yml}
  - name: validate
    steps:
      - name: Look
        action: ExecutePowerShell
        inputs: {commands: [exit 1]}
YAML
cat >outer.yml <<'YAML'
name: outer
schemaVersion: 1.0
phases:
  - name: build
    steps:
      - name: Each
        action: ExecuteDocument
        loop: {forEach: [a, b]}
        inputs: {document: inner.yml}
YAML
cat >inner.yml <<'YAML'
name: inner
schemaVersion: 1.0
phases:
  - name: build
    steps:
      - name: Folder
        action: CreateFolder
        inputs:
          - path: C:\inner
YAML
recipe_of win app.yml later.yml >recipe.yml
outputs_of raw >>recipe.yml
"$SLIPWAY" build recipe.yml --store store --json >result.json 2>log || { cat log; exit 1; }
grep -q "step 'Install' waits for the first boot" log
grep -q "step 'Look' is not run: it needs a booted Windows" log
jq -c '[.deferred[] | [.component, .step, .queued]]' result.json >deferred
jq -c . <<<'[["app","Install","00001"],["app","Behind","00002"],["later","Folder","00003"],
    ["later","Others: Each: Folder","00004"],["later","Others: Each: Folder","00005"]]' | diff - deferred
dd if=out/win-1.0.0/win-1.0.0.raw of=part.raw bs=1M skip=1 conv=sparse status=none
for file in 'Program Files/Acme/Config.INI' Users/Default/secret.txt; do ntfscat part.raw "$file"; echo; done >files
printf 'one\r\nthree\ntwo\n' | diff - files
if ntfscat part.raw 'Program Files/Acme/secret.txt' 2>/dev/null; then exit 1; fi
for hive in SYSTEM SOFTWARE; do ntfscat part.raw "Windows/System32/config/$hive" >"$hive"; done
[ "$(hivexget SOFTWARE Acme Size)" = 42 ]
[ "$(hivexget SYSTEM 'ControlSet001\Services\acme' Start)" = 3 ]
[ "$(hivexget SYSTEM 'ControlSet001\Services\SlipwayFirstBoot' Start)" = 2 ]
ntfscat part.raw Windows/Slipway/FirstBoot/firstboot.ps1 | cmp - "$SLIPWAY_SOURCE/src/guest/firstboot/firstboot.ps1"
for n in 1 2 3 4 5; do ntfscat part.raw "Windows/Slipway/FirstBoot/queue/0000$n.json" | jq -r .action; done >queue
printf '%s\n' ExecutePowerShell DeleteFile CreateFolder CreateFolder CreateFolder | diff - queue
# Nothing of the appliance is on the drive, and what was made there has its folder's rights: none for everyone.
ntfsls part.raw | sort >top
printf '%s\n' 'Program Files' Users Windows | diff - top
mkdir drive
ntfs-3g -o ro part.raw drive
for file in 'Program Files/Acme/Config.INI' Windows/Slipway/FirstBoot/firstboot.ps1 Windows/System32/config/SYSTEM; do
    getfattr --only-values -n system.ntfs_acl "drive/$file" | od -An -v -tx1 | tr -d ' \n' >acl
    grep -q 01020000000000052000000020020000 acl || { echo "$file does not belong to Administrators"; exit 1; }
    if grep -q 010100000000000100000000 acl; then echo "$file is everyone's"; exit 1; fi
done
umount drive
"$SLIPWAY" build recipe.yml --store store --json >again.json 2>log || { cat log; exit 1; }
[ "$(jq .launched again.json)" = false ]
jq -c '[.deferred[] | [.component, .step, .queued]]' again.json | diff deferred -
