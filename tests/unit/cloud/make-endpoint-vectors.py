#!/usr/bin/python3
"""Writes endpoint-vectors.json: the hosts and signing regions that botocore's endpoint rules give. Run it with a new botocore."""

import json
import os

import botocore
import botocore.loaders
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError

SERVICES = ("s3", "ec2", "kms", "ebs", "iam", "sts", "sso")
REGIONS = (
    "us-east-1",
    "eu-central-1",
    "ap-southeast-7",
    "mx-central-1",
    "il-central-1",
    "cn-north-1",
    "cn-northwest-1",
    "us-gov-west-1",
    "us-gov-east-1",
    "us-iso-east-1",
    "us-iso-west-1",
    "us-isob-east-1",
    "eu-isoe-west-1",
    "us-isof-south-1",
    "eusc-de-east-1",
)


def resolve(provider, service, region, fips, dual):
    """(host, region that signs), or None where there is no such endpoint."""
    # The rules fall through to a name that does not exist.
    if service == "iam" and region.startswith("cn-") and fips:
        return None
    try:
        found = provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual)
    except EndpointProviderError:
        return None
    signs = [scheme["signingRegion"] for scheme in found.properties.get("authSchemes", []) if scheme["name"] == "sigv4"]
    return found.url.removeprefix("https://"), (signs or [region])[0]


def main():
    loader, out = botocore.loaders.Loader(), []
    partitions = loader.load_data("partitions")
    for service in SERVICES:
        provider = EndpointProvider(loader.load_service_model(service, "endpoint-rule-set-1"), partitions)
        for region in REGIONS:
            for fips in (False, True):
                for dual in (False, True):
                    host, signs = resolve(provider, service, region, fips, dual) or (None, None)
                    out.append([service, region, fips, dual, host, signs])
    target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "endpoint-vectors.json")
    with open(target, "w", encoding="utf-8") as file:
        rows = ",\n".join("  " + json.dumps(row) for row in out)
        file.write(f'{{"botocore": "{botocore.__version__}", "cases": [\n{rows}\n]}}\n')
    print(f"{len(out)} cases")


if __name__ == "__main__":
    main()
