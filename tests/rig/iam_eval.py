"""Evaluates IAM policy documents as the IAM guide describes it: explicit deny, allow, implicit deny, missing keys."""

import fnmatch
import re

POSITIVE = {
    "StringEquals": lambda want, have: want == have,
    "StringLike": lambda want, have: like(want, have),
    "ArnLike": lambda want, have: arn_like(want, have),
    "ArnEquals": lambda want, have: arn_like(want, have),
    "Bool": lambda want, have: want.lower() == have.lower(),
}


def listed(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def like(pattern, text):
    """`*` and `?` are wildcards, ${*} ${?} ${$} are themselves."""
    out = re.sub(
        r"\$\{([*?$])\}|([*?])|(.)",
        lambda m: re.escape(m[1] or m[3]) if not m[2] else (".*" if m[2] == "*" else "."),
        pattern,
        flags=re.DOTALL,
    )
    return re.fullmatch(out, text, re.DOTALL) is not None


def arn_like(pattern, text):
    wanted, have = pattern.split(":", 5), text.split(":", 5)
    return len(wanted) == len(have) and all(map(like, wanted, have))


def condition_holds(condition, context, missing):
    for operator, keys in (condition or {}).items():
        negated = "Not" in operator
        test = POSITIVE[operator.replace("Not", "")]
        for key, wanted in keys.items():
            have = {k.lower(): v for k, v in context.items()}.get(key.lower())
            if have is None:
                missing.add(key)
                if not negated:
                    return False
            elif any(test(str(w), have) for w in listed(wanted)) == negated:
                return False
    return True


def statement_applies(statement, action, resource, context, missing):
    low = action.lower()
    if "Action" in statement:
        named = any(fnmatch.fnmatchcase(low, a.lower()) for a in listed(statement["Action"]))
    else:
        named = not any(fnmatch.fnmatchcase(low, a.lower()) for a in listed(statement["NotAction"]))
    if not named:
        return False
    if "Resource" in statement and not any(like(r, resource) for r in listed(statement["Resource"])):
        return False
    if "NotResource" in statement and any(like(r, resource) for r in listed(statement["NotResource"])):
        return False
    return condition_holds(statement.get("Condition"), context, missing)


def decide(documents, action, resource, context):
    """(decision as SimulatePrincipalPolicy calls it, condition keys that were asked for and not given)"""
    missing, allowed, denied = set(), False, False
    for document in documents:
        for statement in listed(document["Statement"]):
            if statement_applies(statement, action, resource, context, missing):
                allowed |= statement["Effect"] == "Allow"
                denied |= statement["Effect"] == "Deny"
    return ("explicitDeny" if denied else "allowed" if allowed else "implicitDeny"), sorted(missing)
