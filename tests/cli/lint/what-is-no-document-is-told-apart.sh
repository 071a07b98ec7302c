printf 'a: 1\n' >other.yml
printf 'Resources:\n  X: {Type: "AWS::S3::Bucket"}\n' >template.yml
printf -- '- a\n' >list.yml
"$SLIPWAY" lint -q list.yml other.yml template.yml
