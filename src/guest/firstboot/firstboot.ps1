# The steps of an image's build that waited for this Windows to be booted. A service starts this at boot; it goes through
# the queue, step by step and across reboots, and then removes itself. What it did is in ..\firstboot.log.
param([string]$Entry)

$ErrorActionPreference = 'Stop'
$root = Split-Path -Parent $MyInvocation.MyCommand.Definition
$queue = Join-Path $root 'queue'
$outputs = Join-Path $root 'outputs'
$log = Join-Path (Split-Path -Parent $root) 'firstboot.log'
$verdict = Join-Path (Split-Path -Parent $root) 'firstboot.json'
$service = 'SlipwayFirstBoot'
$mostReboots = 20
$ascii = New-Object Text.ASCIIEncoding
$utf8 = New-Object Text.UTF8Encoding($false)

function Write-Log([string]$text) {
    [IO.File]::AppendAllText($log, ('{0:yyyy-MM-ddTHH:mm:ssK} {1}' -f (Get-Date), $text) + "`r`n", $utf8)
}

# ---- What a step has to do, in a process of its own ---------------------------------------------------------------

# A text of the queue, with what earlier steps printed in the places that ask for it.
function Expand-Outputs([string]$text) {
    $found = [regex]::Matches($text, '\{\{slipway-output:(\d{5}):([a-z]+)\}\}')
    foreach ($match in $found) {
        $file = Join-Path $outputs ($match.Groups[1].Value + '.' + $match.Groups[2].Value)
        if (-not [IO.File]::Exists($file)) { throw "the step $($match.Groups[1].Value) left no output" }
        $text = $text.Replace($match.Value, [IO.File]::ReadAllText($file))
    }
    return $text
}

function Get-Text($name) {
    return Expand-Outputs ([IO.File]::ReadAllText((Join-Path $queue $name), $utf8))
}

function Get-Codec([string]$name) {
    switch ($name.ToLowerInvariant().Replace('-', '')) {
        'utf8' { return New-Object Text.UTF8Encoding($false) }
        'utf16' { return New-Object Text.UnicodeEncoding($false, $false) }
        'utf16le' { return New-Object Text.UnicodeEncoding($false, $false) }
        'utf16be' { return New-Object Text.UnicodeEncoding($true, $false) }
        'utf32' { return New-Object Text.UTF32Encoding($false, $false) }
        'utf32le' { return New-Object Text.UTF32Encoding($false, $false) }
        'utf32be' { return New-Object Text.UTF32Encoding($true, $false) }
    }
    throw "'$name' is no encoding"
}

function New-Parent([string]$path) {
    $parent = [IO.Path]::GetDirectoryName($path)
    if ($parent) { [void][IO.Directory]::CreateDirectory($parent) }
}

# A path as it is, or the files that its last name stands for.
function Get-Files([string]$path) {
    $name = [IO.Path]::GetFileName($path.Replace('*', '_'))
    $name = $path.Substring($path.Length - $name.Length)
    if (-not $name.Contains('*')) { return @($path) }
    $files = @([IO.Directory]::GetFiles($path.Substring(0, $path.Length - $name.Length), $name) | Sort-Object)
    if ($files.Count -eq 0) { throw "no file matches '$path'" }
    return $files
}

function Write-Content($item, [bool]$append) {
    $path = Expand-Outputs $item.path
    $bytes = (Get-Codec $item.encoding).GetBytes((Get-Text $item.content))
    if ($append) {
        if (-not [IO.File]::Exists($path)) { throw "'$path' does not exist" }
        $stream = New-Object IO.FileStream($path, [IO.FileMode]::Append)
        try { $stream.Write($bytes, 0, $bytes.Length) } finally { $stream.Close() }
        return
    }
    if ([IO.File]::Exists($path) -and -not $item.overwrite) { throw "'$path' is there already" }
    New-Parent $path
    [IO.File]::WriteAllBytes($path, $bytes)
}

function Copy-Files($item, [bool]$move) {
    $files = @(Get-Files (Expand-Outputs $item.source))
    $to = Expand-Outputs $item.destination
    $into = $to.EndsWith('\') -or [IO.Directory]::Exists($to)
    if ($files.Count -gt 1 -and -not $into) { throw "$($files.Count) files match, and '$to' is no folder" }
    foreach ($file in $files) {
        $target = $to
        if ($into) { $target = Join-Path $to ([IO.Path]::GetFileName($file)) }
        New-Parent $target
        [IO.File]::Copy($file, $target, $item.overwrite)
        if ($move) { [IO.File]::Delete($file) }
    }
}

function Copy-Folder($item, [bool]$move) {
    $from = (Expand-Outputs $item.source).TrimEnd('\')
    $to = (Expand-Outputs $item.destination).TrimEnd('\')
    if (-not [IO.Directory]::Exists($from)) { throw "'$from' is no folder" }
    [void][IO.Directory]::CreateDirectory($to)
    foreach ($path in [IO.Directory]::GetDirectories($from, '*', 'AllDirectories')) {
        [void][IO.Directory]::CreateDirectory($to + $path.Substring($from.Length))
    }
    foreach ($path in [IO.Directory]::GetFiles($from, '*', 'AllDirectories')) {
        [IO.File]::Copy($path, $to + $path.Substring($from.Length), $item.overwrite)
    }
    if ($move) { [IO.Directory]::Delete($from, $true) }
}

function New-Folder($item) {
    $path = Expand-Outputs $item.path
    if ([IO.Directory]::Exists($path) -and -not $item.overwrite) { throw "'$path' is there already" }
    [void][IO.Directory]::CreateDirectory($path)
}

function Remove-Files($item) {
    foreach ($file in @(Get-Files (Expand-Outputs $item.path))) {
        if (-not [IO.File]::Exists($file)) { throw "'$file' does not exist" }
        [IO.File]::Delete($file)
    }
}

function Set-RegistryValue($item) {
    $kinds = @{ 1 = 'String'; 2 = 'ExpandString'; 3 = 'Binary'; 4 = 'DWord'; 7 = 'MultiString'; 11 = 'QWord' }
    $kind = [Microsoft.Win32.RegistryValueKind]$kinds[[int]$item.type]
    if ($item.texts -ne $null) {
        $texts = [string[]]@($item.texts | ForEach-Object { Expand-Outputs $_ })
        $value = $texts
        if ($kind -ne 'MultiString') { $value = $texts[0] }
    } else {
        $value = New-Object byte[] ($item.data.Length / 2)
        for ($i = 0; $i -lt $value.Length; $i++) { $value[$i] = [Convert]::ToByte($item.data.Substring(2 * $i, 2), 16) }
        if ($kind -eq 'DWord') { $value = [BitConverter]::ToInt32($value, 0) }
        if ($kind -eq 'QWord') { $value = [BitConverter]::ToInt64($value, 0) }
    }
    [Microsoft.Win32.Registry]::SetValue((Expand-Outputs $item.key), (Expand-Outputs $item.name), $value, $kind)
}

function Test-Installer($item, [string]$path) {
    $signature = Get-AuthenticodeSignature -LiteralPath $path
    if ($signature.Status -eq 'Valid') { return }
    if ($signature.Status -eq 'NotSigned') {
        if (-not $item.allowUnsignedInstaller) { throw "'$path' is not signed, and allowUnsignedInstaller is false" }
    } elseif (-not $item.ignoreAuthenticodeSignatureErrors) {
        throw "the signature of '$path' is bad: $($signature.StatusMessage)"
    }
}

# Ends this process with the code of msiexec.
function Invoke-Installer($item, [string]$verb) {
    $path = Expand-Outputs $item.path
    if ($path -match '\.msi$' -or [IO.File]::Exists($path)) { Test-Installer $item $path }
    $line = '{0} "{1}" /qn /norestart /L{2} "{3}"' -f $verb, $path, $item.logOptions, (Expand-Outputs $item.logFile)
    if ($item.properties -ne $null) {
        foreach ($property in $item.properties.PSObject.Properties) {
            $line += ' {0}="{1}"' -f $property.Name, (Expand-Outputs $property.Value).Replace('"', '""')
        }
    }
    $line += ' REBOOT=ReallySuppress'
    $process = [Diagnostics.Process]::Start((Join-Path $env:SystemRoot 'System32\msiexec.exe'), $line)
    $process.WaitForExit()
    exit $process.ExitCode
}

function Test-Update($update, $patterns) {
    foreach ($pattern in $patterns) {
        $wanted = Expand-Outputs $pattern
        if ($update.Title -like $wanted) { return $true }
        foreach ($id in $update.KBArticleIDs) { if ("KB$id" -like $wanted -or $id -eq $wanted) { return $true } }
    }
    return $false
}

# Ends this process with 3010 when Windows wants to be booted before it goes on.
function Install-Updates($item) {
    $session = New-Object -ComObject Microsoft.Update.Session
    $chosen = New-Object -ComObject Microsoft.Update.UpdateColl
    foreach ($update in $session.CreateUpdateSearcher().Search('IsInstalled=0 and IsHidden=0').Updates) {
        if ($item.include -and -not (Test-Update $update $item.include)) { continue }
        if ($item.exclude -and (Test-Update $update $item.exclude)) { continue }
        if (-not $update.EulaAccepted) { $update.AcceptEula() }
        Write-Output $update.Title
        [void]$chosen.Add($update)
    }
    if ($chosen.Count -eq 0) { return }
    $downloader = $session.CreateUpdateDownloader()
    $downloader.Updates = $chosen
    [void]$downloader.Download()
    $installer = $session.CreateUpdateInstaller()
    $installer.Updates = $chosen
    $result = $installer.Install()
    if ($result.RebootRequired) { exit 3010 }
    if ($result.ResultCode -ne 2) { throw "Windows Update ended with the result $($result.ResultCode)" }
}

function Invoke-Item([string]$action, $item) {
    switch ($action) {
        'AppendFile' { Write-Content $item $true }
        'CreateFile' { Write-Content $item $false }
        'CopyFile' { Copy-Files $item $false }
        'MoveFile' { Copy-Files $item $true }
        'CopyFolder' { Copy-Folder $item $false }
        'MoveFolder' { Copy-Folder $item $true }
        'CreateFolder' { New-Folder $item }
        'DeleteFile' { Remove-Files $item }
        'DeleteFolder' { [IO.Directory]::Delete((Expand-Outputs $item.path), $item.force) }
        'SetRegistry' { Set-RegistryValue $item }
        'InstallMSI' { Invoke-Installer $item '/i' }
        'UninstallMSI' { Invoke-Installer $item '/x' }
        'UpdateOS' { Install-Updates $item }
        default { throw "the action '$action' is not known" }
    }
}

if ($Entry) {
    try {
        $step = ConvertFrom-Json ([IO.File]::ReadAllText($Entry, $ascii))
        foreach ($item in @($step.items)) { Invoke-Item $step.action $item }
        exit 0
    } catch {
        [Console]::Error.WriteLine($_.ToString())
        exit 1
    }
}

# ---- The queue ----------------------------------------------------------------------------------------------------

# One argument as a program's own start-up code takes a command line apart.
function Format-Argument([string]$text) {
    if ($text -ne '' -and $text -notmatch '[\s"]') { return $text }
    $text = [regex]::Replace($text, '(\\*)"', '$1$1\"')
    return '"' + [regex]::Replace($text, '(\\+)$', '$1$1') + '"'
}

# The program of a step and its command line.
function Get-Program($step, [string]$number) {
    $shell = Join-Path $env:SystemRoot 'System32\WindowsPowerShell\v1.0\powershell.exe'
    $start = '-NoProfile -NonInteractive -ExecutionPolicy Bypass -File '
    $item = @($step.items)[0]
    if ($step.action -eq 'ExecutePowerShell' -and $item.script) {
        $script = Join-Path $root "run-$number.ps1"
        [IO.File]::WriteAllText($script, (Get-Text $item.script), (New-Object Text.UTF8Encoding($true)))
        return @($shell, ($start + (Format-Argument $script)))
    }
    if ($step.action -eq 'ExecutePowerShell') {
        return @($shell, ($start + (Format-Argument (Expand-Outputs $item.file))))
    }
    if ($step.action -eq 'ExecuteBinary') {
        $line = (@($item.arguments) | Where-Object { $_ -ne $null } |
                ForEach-Object { Format-Argument (Expand-Outputs $_) }) -join ' '
        return @((Expand-Outputs $item.path), $line)
    }
    $own = Format-Argument (Join-Path $root 'firstboot.ps1')
    return @($shell, ($start + $own + ' -Entry ' + (Format-Argument (Join-Path $queue "$number.json"))))
}

function Write-Stream([string]$name, [string]$text) {
    foreach ($line in ($text -split "`r?`n")) { if ($line -ne '') { Write-Log "  ${name}: $line" } }
}

# Runs a step's program; its exit code, or an error when its time is over.
function Invoke-Program($step, [string]$number) {
    $program = Get-Program $step $number
    $info = New-Object Diagnostics.ProcessStartInfo($program[0], $program[1])
    $info.UseShellExecute = $false
    $info.CreateNoWindow = $true
    $info.RedirectStandardOutput = $true
    $info.RedirectStandardError = $true
    $info.WorkingDirectory = $root
    if ([IO.Directory]::Exists($step.workingDirectory)) { $info.WorkingDirectory = $step.workingDirectory }
    $info.EnvironmentVariables['WORKING_DIRECTORY'] = $step.workingDirectory
    $process = [Diagnostics.Process]::Start($info)
    $out = $process.StandardOutput.ReadToEndAsync()
    $err = $process.StandardError.ReadToEndAsync()
    $milliseconds = -1
    if ($step.timeoutSeconds -gt 0) { $milliseconds = [int][Math]::Min([int]::MaxValue, 1000.0 * $step.timeoutSeconds) }
    $ended = $process.WaitForExit($milliseconds)
    if (-not $ended) { & (Join-Path $env:SystemRoot 'System32\taskkill.exe') /T /F /PID $process.Id | Out-Null }
    # What a program leaves running may keep the streams open.
    $stdout = ''
    $stderr = ''
    if ($out.Wait(10000)) { $stdout = $out.Result }
    if ($err.Wait(10000)) { $stderr = $err.Result }
    if ($step.log) { Write-Stream 'Stdout' $stdout; Write-Stream 'Stderr' $stderr }
    if (-not $ended) { throw "did not end within $($step.timeoutSeconds) s" }
    [void][IO.Directory]::CreateDirectory($outputs)
    [IO.File]::WriteAllText((Join-Path $outputs "$number.stdout"), $stdout.TrimEnd("`r", "`n"), $utf8)
    [IO.File]::WriteAllText((Join-Path $outputs "$number.exit"), [string]$process.ExitCode, $utf8)
    Write-Log "  exit code $($process.ExitCode)"
    return $process.ExitCode
}

# 'next', 'reboot' (then the next), 'again' (after a reboot); an error is a failure.
function Get-Outcome($step, [int]$code) {
    $codes = @(0)
    $reboot = ''
    if ($step.action -eq 'InstallMSI') { $codes = @(0, 1614, 1641, 3010) }
    if ($step.action -eq 'UninstallMSI') { $codes = @(0, 1605, 1614, 1641, 3010) }
    if ($step.action -like '*stallMSI') { $reboot = [string]@($step.items)[0].reboot }
    elseif ($code -eq 3010) { return 'again' }
    if ($codes -notcontains $code) { throw "exit code $code" }
    if ($reboot -eq 'Force' -or ($reboot -eq 'Allow' -and (1641, 3010) -contains $code)) { return 'reboot' }
    return 'next'
}

function Invoke-Step($step, [string]$number) {
    if ($step.action -eq 'Reboot') { return 'reboot' }
    for ($attempt = 1; ; $attempt++) {
        try { return Get-Outcome $step (Invoke-Program $step $number) } catch {
            Write-Log "  $($_.ToString())"
            if ($attempt -ge $step.maxAttempts) { throw }
            Write-Log "  attempt $($attempt + 1) of $($step.maxAttempts)"
        }
    }
}

function Start-Reboot([int]$seconds) {
    Write-Log "rebooting"
    & (Join-Path $env:SystemRoot 'System32\shutdown.exe') /r /f /t $seconds /d p:4:1 | Out-Null
    exit 0
}

# How often this step had Windows booted; more than enough is an error.
function Add-Reboot([string]$number) {
    $file = Join-Path $root "$number.reboots"
    $count = 0
    if ([IO.File]::Exists($file)) { $count = [int][IO.File]::ReadAllText($file) }
    if ($count -ge $mostReboots) { throw "asked for more than $mostReboots reboots" }
    [IO.File]::WriteAllText($file, [string]($count + 1))
}

function Write-Verdict([string]$status, [string]$failure) {
    $text = ConvertTo-Json @{ status = $status; failureMessage = $failure }
    [IO.File]::WriteAllText($verdict, $text, $utf8)
}

# What went wrong so far, so that a later boot knows it.
function Read-Status {
    $file = Join-Path $root 'status'
    if ([IO.File]::Exists($file)) { return [IO.File]::ReadAllText($file) }
    return 'success'
}

function Set-Status([string]$status) {
    if ($status -eq 'failed' -or (Read-Status) -eq 'success') {
        [IO.File]::WriteAllText((Join-Path $root 'status'), $status)
    }
}

function Remove-Everything {
    & (Join-Path $env:SystemRoot 'System32\sc.exe') delete $service | Out-Null
    Remove-Item -LiteralPath $root -Recurse -Force
}

function Invoke-Queue {
    foreach ($file in @([IO.Directory]::GetFiles($queue, '*.json') | Sort-Object)) {
        $number = [IO.Path]::GetFileNameWithoutExtension($file)
        $step = ConvertFrom-Json ([IO.File]::ReadAllText($file, $ascii))
        $where = "$($step.component): $($step.phase): $($step.step)"
        Write-Log "$where ($($step.action))"
        $outcome = 'next'
        try {
            $outcome = Invoke-Step $step $number
            if ($outcome -eq 'again') { Add-Reboot $number }
        } catch {
            $failure = "${where}: $($_.ToString())"
            if ($step.onFailure -eq 'Ignore') {
                Set-Status 'successWithIgnoredFailure'
            } else {
                Set-Status 'failed'
                Write-Verdict 'failed' $failure
            }
            if ($step.onFailure -eq 'Abort') { Write-Log "$failure; the steps behind it are not run"; return }
            $outcome = 'next'
        }
        if ($outcome -ne 'again') { [IO.File]::Delete($file) }
        if ($outcome -ne 'next') { Start-Reboot ([int]$step.delaySeconds) }
    }
}

$created = $false
$only = New-Object Threading.Mutex($true, 'Global\SlipwayFirstBoot', [ref]$created)
if (-not $created) { exit 0 }
try {
    # A generalized image first sets itself up, and boots itself for that.
    while ((Get-ItemProperty -LiteralPath 'HKLM:\SYSTEM\Setup').SystemSetupInProgress -eq 1) { Start-Sleep -Seconds 5 }
    Write-Log 'the queue of the first boot'
    Invoke-Queue
    $status = Read-Status
    if ($status -ne 'failed') { Write-Verdict $status '' }
    Write-Log "ended: $status"
    Remove-Everything
} catch {
    Write-Log "the queue broke: $($_.ToString())"
    exit 1
}
