cat >doc.yml <<'END'
name: broken
schemaVersion: 1.0
parameters:
  - Port: {type: string}
phases:
  - name: build
    steps:
      - name: One
        action: ExecuteBsh
        inputs:
          commands: [ls]
      - name: Two
        action: CreateFile
        onfailure: Abort
        inputs:
          - path: /etc/x
            permissions: 0999
      - name: Three
        action: ExecuteBash
        inputs:
          commands:
            - |
              cd /
              echo {{ Prot }} {{ build.Four.outputs.stdout }}
END
"$SLIPWAY" lint doc.yml
