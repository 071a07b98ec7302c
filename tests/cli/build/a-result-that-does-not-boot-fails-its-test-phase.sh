# The steps did what they were told, and the system does not come up any more; or one of them restarts it by itself.
# appliance: 1
# timeout: 600
. "$CASE_LIB/build-case.sh"
need_appliance
"$CASE_LIB/tiny-guest" base.raw --bootable >/dev/null
recipe_of tried break.yml >recipe.yml
component() { # BUILD TEST
    component_of build Break "$1" >break.yml
    phase_of test Try "$2" >>break.yml
}
fails() { # PART
    local status=0
    "$SLIPWAY" build recipe.yml -a base.raw -f raw --out out --store store -O raw --accel tcg 2>stderr || status=$?
    [ $status = 8 ] || { cat stderr; echo "exit status $status"; exit 1; }
    grep -qF -- "$1" stderr || { cat stderr; echo "not told: $1"; exit 1; }
    [ -s out/tried-1.0.0/log/boot-screen.png ] && [ -s out/tried-1.0.0/log/boot-console.log ]
    [ ! -e out/tried-1.0.0/manifest.json ]
}
component 'rm /usr/sbin/init' 'true'
fails "the booted copy: the kernel panicked: '"
component 'true' 'reboot -f; sleep 60'
fails "the system restarted by itself"
component 'true' 'poweroff -f; sleep 60'
fails "the system powered itself off"
