# A CloudFormation template with a catalogue and a parameter has no warning left; without them lint says what it lacks.
mkdir lab
cat >lab/update.yml <<'YAML'
schemaVersion: 1.0
phases:
  - name: build
    steps:
      - {name: Update, action: ExecuteBash, inputs: {commands: [yum update -y]}}
YAML
cat >lab/catalogue.yml <<'YAML'
components:
  arn:aws:imagebuilder:*:aws:component/update-linux/1.0.2: update.yml
images:
  arn:aws:imagebuilder:*:aws:image/amazon-linux-2-x86/2026.1.1: {file: al2.raw, format: raw}
YAML
cat >template.yml <<'YAML'
Parameters:
  Name: {Type: String}
Resources:
  Recipe:
    Type: AWS::ImageBuilder::ImageRecipe
    Properties:
      Name: !Ref Name
      Version: 1.0.0
      ParentImage: !Sub arn:${AWS::Partition}:imagebuilder:${AWS::Region}:aws:image/amazon-linux-2-x86/x.x.x
      Components:
        - ComponentArn: !Sub arn:aws:imagebuilder:${AWS::Region}:aws:component/update-linux/x.x.x
YAML
"$SLIPWAY" lint -q --catalogue lab -p Name=web template.yml >out
[ ! -s out ] || { cat out; exit 1; }
"$SLIPWAY" lint -q --explain --catalogue lab/catalogue.yml -p Name=web template.yml | grep -q '^lab/update.yml:5:9: build/Update: needs media'
"$SLIPWAY" lint -q template.yml | tee out
[ "$(grep -c ': warning: ' out)" = 3 ]
status=0
"$SLIPWAY" plan template.yml --store store 2>message || status=$?
[ "$status" = 3 ]
grep -q "template.yml:7:13: the value of 'Name' is not known here" message
status=0
"$SLIPWAY" lint -q --catalogue none template.yml 2>message || status=$?
[ "$status" = 1 ]
grep -q "catalogue 'none': No such file" message
