//! The `Condition` element: each case is tried in an `Allow` and in a `Deny`.

use gantry_iam::{Outcome, PolicyKind};

use crate::support::page::{CONDITION, KEYS, MULTI, OPERATORS, SET_OPERATORS, VARIABLES, VERSION};
use crate::support::{context, decide, parse};

/// Page, what is shown, condition, the request's context, whether the condition holds.
type Case = (&'static str, &'static str, &'static str, &'static str, bool);

const STRINGS: &[Case] = &[
    (
        OPERATORS,
        "StringEquals same",
        r#"{"StringEquals":{"aws:PrincipalTag/job":"dev"}}"#,
        "aws:PrincipalTag/job=dev",
        true,
    ),
    (
        OPERATORS,
        "StringEquals is case-sensitive",
        r#"{"StringEquals":{"aws:PrincipalTag/job":"dev"}}"#,
        "aws:PrincipalTag/job=Dev",
        false,
    ),
    (OPERATORS, "StringEquals has no wildcards", r#"{"StringEquals":{"s3:prefix":"a*"}}"#, "s3:prefix=abc", false),
    (OPERATORS, "StringEquals takes * as itself", r#"{"StringEquals":{"s3:prefix":"a*"}}"#, "s3:prefix=a*", true),
    (OPERATORS, "StringEquals without the key", r#"{"StringEquals":{"s3:prefix":"a"}}"#, "", false),
    (OPERATORS, "StringNotEquals other", r#"{"StringNotEquals":{"aws:x":"a"}}"#, "aws:x=b", true),
    (OPERATORS, "StringNotEquals same", r#"{"StringNotEquals":{"aws:x":"a"}}"#, "aws:x=a", false),
    (OPERATORS, "StringNotEquals without the key", r#"{"StringNotEquals":{"aws:x":"a"}}"#, "", true),
    (OPERATORS, "StringEqualsIgnoreCase", r#"{"StringEqualsIgnoreCase":{"aws:x":"AbC"}}"#, "aws:x=aBc", true),
    (OPERATORS, "StringEqualsIgnoreCase other", r#"{"StringEqualsIgnoreCase":{"aws:x":"AbC"}}"#, "aws:x=aBd", false),
    (OPERATORS, "StringNotEqualsIgnoreCase", r#"{"StringNotEqualsIgnoreCase":{"aws:x":"AbC"}}"#, "aws:x=aBc", false),
    (OPERATORS, "StringLike *", r#"{"StringLike":{"s3:prefix":"home/*"}}"#, "s3:prefix=home/a/b", true),
    (OPERATORS, "StringLike * takes nothing too", r#"{"StringLike":{"s3:prefix":"home/*"}}"#, "s3:prefix=home/", true),
    (OPERATORS, "StringLike ?", r#"{"StringLike":{"s3:prefix":"h?me"}}"#, "s3:prefix=home", true),
    (OPERATORS, "StringLike ? is one character", r#"{"StringLike":{"s3:prefix":"h?me"}}"#, "s3:prefix=hme", false),
    (
        OPERATORS,
        "StringLike ? takes one beyond ASCII",
        r#"{"StringLike":{"s3:prefix":"h?me"}}"#,
        "s3:prefix=höme",
        true,
    ),
    (OPERATORS, "StringLike is case-sensitive", r#"{"StringLike":{"s3:prefix":"HOME/*"}}"#, "s3:prefix=home/a", false),
    (OPERATORS, "StringLike several *", r#"{"StringLike":{"s3:prefix":"a*b*c"}}"#, "s3:prefix=aXbYbZc", true),
    (OPERATORS, "StringLike must match to the end", r#"{"StringLike":{"s3:prefix":"a*b"}}"#, "s3:prefix=aXbY", false),
    (OPERATORS, "StringNotLike", r#"{"StringNotLike":{"s3:prefix":"home/*"}}"#, "s3:prefix=home/a", false),
    (OPERATORS, "StringNotLike without the key", r#"{"StringNotLike":{"s3:prefix":"home/*"}}"#, "", true),
    (OPERATORS, "IfExists without the key", r#"{"StringEqualsIfExists":{"ec2:InstanceType":"t1.micro"}}"#, "", true),
    (
        OPERATORS,
        "IfExists with the key",
        r#"{"StringEqualsIfExists":{"ec2:InstanceType":"t1.micro"}}"#,
        "ec2:InstanceType=m5.large",
        false,
    ),
    (OPERATORS, "negated IfExists without the key", r#"{"StringNotEqualsIfExists":{"aws:x":"a"}}"#, "", true),
    (KEYS, "keys have no case", r#"{"StringEquals":{"AWS:PrincipalTag/Job":"dev"}}"#, "aws:principaltag/job=dev", true),
    (MULTI, "several values: any", r#"{"StringEquals":{"aws:x":["a","b"]}}"#, "aws:x=b", true),
    (MULTI, "several values: none", r#"{"StringEquals":{"aws:x":["a","b"]}}"#, "aws:x=c", false),
    (MULTI, "negated several values: NOR", r#"{"StringNotEquals":{"aws:x":["a","b"]}}"#, "aws:x=b", false),
    (MULTI, "negated several values: neither", r#"{"StringNotEquals":{"aws:x":["a","b"]}}"#, "aws:x=c", true),
    (MULTI, "several keys: all", r#"{"StringEquals":{"aws:x":"a","aws:y":"b"}}"#, "aws:x=a;aws:y=b", true),
    (MULTI, "several keys: one fails", r#"{"StringEquals":{"aws:x":"a","aws:y":"b"}}"#, "aws:x=a;aws:y=c", false),
    (
        MULTI,
        "several operators: all",
        r#"{"StringEquals":{"aws:x":"a"},"Bool":{"aws:y":"true"}}"#,
        "aws:x=a;aws:y=true",
        true,
    ),
    (
        MULTI,
        "several operators: one fails",
        r#"{"StringEquals":{"aws:x":"a"},"Bool":{"aws:y":"true"}}"#,
        "aws:x=a",
        false,
    ),
    (CONDITION, "no condition", "{}", "", true),
    (CONDITION, "no values never match", r#"{"StringEquals":{"aws:x":[]}}"#, "aws:x=a", false),
];

const TYPED: &[Case] = &[
    (OPERATORS, "NumericEquals", r#"{"NumericEquals":{"s3:max-keys":"10"}}"#, "s3:max-keys=10", true),
    (
        OPERATORS,
        "NumericEquals compares numbers",
        r#"{"NumericEquals":{"s3:max-keys":"10"}}"#,
        "s3:max-keys=10.0",
        true,
    ),
    (OPERATORS, "NumericEquals bare number", r#"{"NumericEquals":{"s3:max-keys":10}}"#, "s3:max-keys=10", true),
    (OPERATORS, "NumericNotEquals", r#"{"NumericNotEquals":{"s3:max-keys":"10"}}"#, "s3:max-keys=11", true),
    (OPERATORS, "NumericLessThan", r#"{"NumericLessThan":{"s3:max-keys":"10"}}"#, "s3:max-keys=9", true),
    (OPERATORS, "NumericLessThan equal", r#"{"NumericLessThan":{"s3:max-keys":"10"}}"#, "s3:max-keys=10", false),
    (
        OPERATORS,
        "NumericLessThanEquals equal",
        r#"{"NumericLessThanEquals":{"s3:max-keys":"10"}}"#,
        "s3:max-keys=10",
        true,
    ),
    (
        OPERATORS,
        "NumericLessThanEquals is not of strings",
        r#"{"NumericLessThanEquals":{"s3:max-keys":"10"}}"#,
        "s3:max-keys=9",
        true,
    ),
    (OPERATORS, "NumericGreaterThan", r#"{"NumericGreaterThan":{"s3:max-keys":"10"}}"#, "s3:max-keys=11", true),
    (
        OPERATORS,
        "NumericGreaterThanEquals",
        r#"{"NumericGreaterThanEquals":{"s3:max-keys":"10"}}"#,
        "s3:max-keys=10",
        true,
    ),
    (OPERATORS, "Numeric with a word", r#"{"NumericLessThan":{"s3:max-keys":"10"}}"#, "s3:max-keys=few", false),
    (OPERATORS, "Numeric without the key", r#"{"NumericLessThan":{"s3:max-keys":"10"}}"#, "", false),
    (
        OPERATORS,
        "NumericLessThanIfExists: MFA age",
        r#"{"NumericLessThanIfExists":{"aws:MultiFactorAuthAge":"3600"}}"#,
        "",
        true,
    ),
    (
        OPERATORS,
        "DateGreaterThan",
        r#"{"DateGreaterThan":{"aws:CurrentTime":"2020-04-01T00:00:00Z"}}"#,
        "aws:CurrentTime=2020-04-02T00:00:00Z",
        true,
    ),
    (
        OPERATORS,
        "DateLessThan",
        r#"{"DateLessThan":{"aws:CurrentTime":"2020-06-30T23:59:59Z"}}"#,
        "aws:CurrentTime=2020-07-01T00:00:00Z",
        false,
    ),
    (
        OPERATORS,
        "Date with a zone",
        r#"{"DateEquals":{"aws:CurrentTime":"2020-04-01T02:00:00+02:00"}}"#,
        "aws:CurrentTime=2020-04-01T00:00:00Z",
        true,
    ),
    (
        OPERATORS,
        "Date as epoch",
        r#"{"DateLessThan":{"aws:EpochTime":"1585699200"}}"#,
        "aws:EpochTime=1585699199",
        true,
    ),
    (
        OPERATORS,
        "Date as epoch against ISO",
        r#"{"DateEquals":{"aws:CurrentTime":"1585699200"}}"#,
        "aws:CurrentTime=2020-04-01T00:00:00Z",
        true,
    ),
    (
        OPERATORS,
        "Date without time",
        r#"{"DateGreaterThanEquals":{"aws:TokenIssueTime":"2020-04-01"}}"#,
        "aws:TokenIssueTime=2020-04-01T00:00:00Z",
        true,
    ),
    (
        OPERATORS,
        "Date a year",
        r#"{"DateGreaterThan":{"aws:CurrentTime":"2020"}}"#,
        "aws:CurrentTime=2020-01-02T00:00:00Z",
        true,
    ),
    (
        OPERATORS,
        "DateNotEquals",
        r#"{"DateNotEquals":{"aws:CurrentTime":"2020-04-01"}}"#,
        "aws:CurrentTime=2020-04-02T00:00:00Z",
        true,
    ),
    (
        OPERATORS,
        "DateLessThanEquals",
        r#"{"DateLessThanEquals":{"aws:CurrentTime":"2020-04-01"}}"#,
        "aws:CurrentTime=2020-04-01T00:00:00Z",
        true,
    ),
    (OPERATORS, "Bool", r#"{"Bool":{"aws:SecureTransport":"true"}}"#, "aws:SecureTransport=true", true),
    (OPERATORS, "Bool bare", r#"{"Bool":{"aws:SecureTransport":false}}"#, "aws:SecureTransport=false", true),
    (OPERATORS, "Bool other", r#"{"Bool":{"aws:SecureTransport":"true"}}"#, "aws:SecureTransport=false", false),
    (OPERATORS, "Bool without the key", r#"{"Bool":{"aws:MultiFactorAuthPresent":"false"}}"#, "", false),
    (OPERATORS, "BoolIfExists without the key", r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}"#, "", true),
    (
        OPERATORS,
        "BinaryEquals",
        r#"{"BinaryEquals":{"aws:bin":"QmluYXJ5VmFsdWVJbkJhc2U2NA=="}}"#,
        "aws:bin=QmluYXJ5VmFsdWVJbkJhc2U2NA==",
        true,
    ),
    (
        OPERATORS,
        "BinaryEquals other",
        r#"{"BinaryEquals":{"aws:bin":"QmluYXJ5VmFsdWVJbkJhc2U2NA=="}}"#,
        "aws:bin=QUFBQQ==",
        false,
    ),
    (
        OPERATORS,
        "IpAddress in range",
        r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#,
        "aws:SourceIp=203.0.113.7",
        true,
    ),
    (
        OPERATORS,
        "IpAddress out of range",
        r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#,
        "aws:SourceIp=203.0.114.7",
        false,
    ),
    (
        OPERATORS,
        "IpAddress without prefix is /32",
        r#"{"IpAddress":{"aws:SourceIp":"203.0.113.7"}}"#,
        "aws:SourceIp=203.0.113.8",
        false,
    ),
    (OPERATORS, "IpAddress /0", r#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#, "aws:SourceIp=198.51.100.1", true),
    (
        OPERATORS,
        "IPv4 range, IPv6 address",
        r#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#,
        "aws:SourceIp=2001:db8::1",
        false,
    ),
    (
        OPERATORS,
        "IPv6",
        r#"{"IpAddress":{"aws:SourceIp":"2001:DB8:1234:5678::/64"}}"#,
        "aws:SourceIp=2001:db8:1234:5678::1",
        true,
    ),
    (
        OPERATORS,
        "IPv4 or IPv6",
        r#"{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","2001:DB8:1234:5678::/64"]}}"#,
        "aws:SourceIp=203.0.113.7",
        true,
    ),
    (
        OPERATORS,
        "NotIpAddress",
        r#"{"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","203.0.113.0/24"]}}"#,
        "aws:SourceIp=203.0.113.7",
        false,
    ),
    (
        OPERATORS,
        "NotIpAddress elsewhere",
        r#"{"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","203.0.113.0/24"]}}"#,
        "aws:SourceIp=198.51.100.1",
        true,
    ),
    (OPERATORS, "NotIpAddress without the key", r#"{"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}}"#, "", true),
    (
        OPERATORS,
        "ArnEquals",
        r#"{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:us-east-1:123456789012:t"}}"#,
        "aws:SourceArn=arn:aws:sns:us-east-1:123456789012:t",
        true,
    ),
    (
        OPERATORS,
        "ArnEquals is ArnLike",
        r#"{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:*:123456789012:t*"}}"#,
        "aws:SourceArn=arn:aws:sns:us-east-1:123456789012:topic",
        true,
    ),
    (
        OPERATORS,
        "ArnLike ?",
        r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sns:us-east-?:123456789012:t"}}"#,
        "aws:SourceArn=arn:aws:sns:us-east-2:123456789012:t",
        true,
    ),
    (
        OPERATORS,
        "ArnLike: * stays within its part",
        r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:t"}}"#,
        "aws:SourceArn=arn:aws:sns:us-east-1:123456789012:t",
        false,
    ),
    (
        OPERATORS,
        "ArnLike: * of the region does not take the account",
        r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:evil:t"}}"#,
        "aws:SourceArn=arn:aws:sns:us-east-1:123456789012:evil:t",
        false,
    ),
    (
        OPERATORS,
        "ArnLike: the sixth part may hold colons",
        r#"{"ArnLike":{"aws:SourceArn":"arn:aws:logs:us-east-1:123456789012:log-group:*"}}"#,
        "aws:SourceArn=arn:aws:logs:us-east-1:123456789012:log-group:/ecs/app:*",
        true,
    ),
    (OPERATORS, "ArnLike against no ARN", r#"{"ArnLike":{"aws:SourceArn":"*"}}"#, "aws:SourceArn=x", false),
    (
        OPERATORS,
        "ArnNotLike",
        r#"{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/admin"}}"#,
        "aws:PrincipalArn=arn:aws:iam::123456789012:role/admin",
        false,
    ),
    (
        OPERATORS,
        "ArnNotEquals without the key",
        r#"{"ArnNotEquals":{"aws:SourceArn":"arn:aws:sns:us-east-1:1:t"}}"#,
        "",
        true,
    ),
    (OPERATORS, "Null true, absent", r#"{"Null":{"aws:TokenIssueTime":"true"}}"#, "", true),
    (
        OPERATORS,
        "Null true, present",
        r#"{"Null":{"aws:TokenIssueTime":"true"}}"#,
        "aws:TokenIssueTime=2020-04-01",
        false,
    ),
    (
        OPERATORS,
        "Null false, present",
        r#"{"Null":{"aws:TokenIssueTime":"false"}}"#,
        "aws:TokenIssueTime=2020-04-01",
        true,
    ),
    (OPERATORS, "Null false, absent", r#"{"Null":{"aws:TokenIssueTime":false}}"#, "", false),
];

const SETS: &[Case] = &[
    (
        SET_OPERATORS,
        "ForAllValues: subset",
        r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["env","team"]}}"#,
        "aws:TagKeys=env",
        true,
    ),
    (
        SET_OPERATORS,
        "ForAllValues: one beyond",
        r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["env","team"]}}"#,
        "aws:TagKeys=env|cost",
        false,
    ),
    (
        SET_OPERATORS,
        "ForAllValues: no key is true",
        r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["env"]}}"#,
        "",
        true,
    ),
    (
        SET_OPERATORS,
        "ForAllValues with Null false",
        r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["env"]},"Null":{"aws:TagKeys":"false"}}"#,
        "",
        false,
    ),
    (
        SET_OPERATORS,
        "ForAnyValue: overlap",
        r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":["env","team"]}}"#,
        "aws:TagKeys=cost|env",
        true,
    ),
    (
        SET_OPERATORS,
        "ForAnyValue: none",
        r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":["env","team"]}}"#,
        "aws:TagKeys=cost",
        false,
    ),
    (
        SET_OPERATORS,
        "ForAnyValue: no key is false",
        r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":["env"]}}"#,
        "",
        false,
    ),
    (
        SET_OPERATORS,
        "ForAnyValue negated: one other",
        r#"{"ForAnyValue:StringNotEquals":{"aws:TagKeys":["env"]}}"#,
        "aws:TagKeys=cost|env",
        true,
    ),
    (
        SET_OPERATORS,
        "ForAnyValue negated: none other",
        r#"{"ForAnyValue:StringNotEquals":{"aws:TagKeys":["env"]}}"#,
        "aws:TagKeys=env",
        false,
    ),
    (
        SET_OPERATORS,
        "ForAllValues negated: none listed",
        r#"{"ForAllValues:StringNotEquals":{"aws:TagKeys":["PII"]}}"#,
        "aws:TagKeys=cost|env",
        true,
    ),
    (
        SET_OPERATORS,
        "ForAllValues negated: one listed",
        r#"{"ForAllValues:StringNotEquals":{"aws:TagKeys":["PII"]}}"#,
        "aws:TagKeys=cost|PII",
        false,
    ),
    (
        SET_OPERATORS,
        "ForAllValues:StringLike",
        r#"{"ForAllValues:StringLike":{"aws:TagKeys":["e*"]}}"#,
        "aws:TagKeys=env|ecs",
        true,
    ),
    (
        SET_OPERATORS,
        "ForAnyValue:StringLikeIfExists",
        r#"{"ForAnyValue:StringLikeIfExists":{"aws:TagKeys":["e*"]}}"#,
        "",
        true,
    ),
    (
        SET_OPERATORS,
        "ForAnyValue:ArnLike",
        r#"{"ForAnyValue:ArnLike":{"aws:x":"arn:aws:iam::*:role/a*"}}"#,
        "aws:x=arn:aws:iam::1:role/b|arn:aws:iam::1:role/ab",
        true,
    ),
    (
        SET_OPERATORS,
        "ForAnyValue:IpAddress",
        r#"{"ForAnyValue:IpAddress":{"aws:x":"10.0.0.0/8"}}"#,
        "aws:x=192.0.2.1|10.1.1.1",
        true,
    ),
    (
        SET_OPERATORS,
        "ForAllValues:NumericLessThan",
        r#"{"ForAllValues:NumericLessThan":{"aws:x":"10"}}"#,
        "aws:x=1|20",
        false,
    ),
];

const VARIABLE: &[Case] = &[
    (
        VARIABLES,
        "a variable in a value",
        r#"{"StringLike":{"s3:prefix":"home/${aws:username}/*"}}"#,
        "aws:username=alice;s3:prefix=home/alice/x",
        true,
    ),
    (
        VARIABLES,
        "a variable, another's value",
        r#"{"StringLike":{"s3:prefix":"home/${aws:username}/*"}}"#,
        "aws:username=alice;s3:prefix=home/bob/x",
        false,
    ),
    (
        VARIABLES,
        "variables have no case",
        r#"{"StringEquals":{"aws:x":"${AWS:UserName}"}}"#,
        "aws:username=alice;aws:x=alice",
        true,
    ),
    (
        VARIABLES,
        "a tag as variable",
        r#"{"StringEquals":{"aws:ResourceTag/team":"${aws:PrincipalTag/team}"}}"#,
        "aws:ResourceTag/team=red;aws:PrincipalTag/team=red",
        true,
    ),
    (VARIABLES, "no value: never equal", r#"{"StringEquals":{"aws:x":"${aws:username}"}}"#, "aws:x=alice", false),
    (
        VARIABLES,
        "no value: not even to its own text",
        r#"{"StringEquals":{"aws:x":"${aws:username}"}}"#,
        "aws:x=${aws:username}",
        false,
    ),
    (VARIABLES, "no value: not like", r#"{"StringLike":{"aws:x":"*${aws:username}*"}}"#, "aws:x=anything", false),
    (
        VARIABLES,
        "no value, but another value fits",
        r#"{"StringEquals":{"aws:x":["${aws:username}","a"]}}"#,
        "aws:x=a",
        true,
    ),
    (
        VARIABLES,
        "* in a variable's value is plain",
        r#"{"StringLike":{"aws:x":"${aws:PrincipalTag/t}"}}"#,
        "aws:PrincipalTag/t=*;aws:x=anything",
        false,
    ),
    (
        VARIABLES,
        "* in a variable's value is itself",
        r#"{"StringLike":{"aws:x":"${aws:PrincipalTag/t}"}}"#,
        "aws:PrincipalTag/t=*;aws:x=*",
        true,
    ),
    (
        VARIABLES,
        "? in a variable's value is plain",
        r#"{"StringLike":{"aws:x":"${aws:PrincipalTag/t}"}}"#,
        "aws:PrincipalTag/t=?;aws:x=a",
        false,
    ),
    (
        VARIABLES,
        "a variable's value is not read again",
        r#"{"StringEquals":{"aws:x":"${aws:PrincipalTag/t}"}}"#,
        "aws:PrincipalTag/t=${aws:username};aws:username=alice;aws:x=alice",
        false,
    ),
    (
        VARIABLES,
        "default used",
        r#"{"StringEquals":{"aws:x":"${aws:PrincipalTag/team, 'company-wide'}"}}"#,
        "aws:x=company-wide",
        true,
    ),
    (
        VARIABLES,
        "default not used",
        r#"{"StringEquals":{"aws:x":"${aws:PrincipalTag/team, 'company-wide'}"}}"#,
        "aws:PrincipalTag/team=red;aws:x=company-wide",
        false,
    ),
    (
        VARIABLES,
        "* in a default is plain",
        r#"{"StringLike":{"aws:x":"${aws:PrincipalTag/team, '*'}"}}"#,
        "aws:x=red",
        false,
    ),
    (VARIABLES, "${*} is a star", r#"{"StringLike":{"aws:x":"a${*}b"}}"#, "aws:x=a*b", true),
    (VARIABLES, "${*} is no wildcard", r#"{"StringLike":{"aws:x":"a${*}b"}}"#, "aws:x=aXb", false),
    (VARIABLES, "${?} is a question mark", r#"{"StringLike":{"aws:x":"a${?}b"}}"#, "aws:x=a?b", true),
    (VARIABLES, "${$} is a dollar", r#"{"StringLike":{"aws:x":"a${$}{b}"}}"#, "aws:x=a${b}", true),
    (
        VARIABLES,
        "several values cannot be a variable",
        r#"{"StringEquals":{"aws:x":"${aws:TagKeys}"}}"#,
        "aws:TagKeys=a|b;aws:x=a",
        false,
    ),
    (
        VARIABLES,
        "two variables",
        r#"{"StringEquals":{"aws:x":"${aws:a}-${aws:b}"}}"#,
        "aws:a=1;aws:b=2;aws:x=1-2",
        true,
    ),
    (
        VARIABLES,
        "in ArnLike",
        r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sns:us-east-1:${aws:PrincipalAccount}:t"}}"#,
        "aws:PrincipalAccount=123456789012;aws:SourceArn=arn:aws:sns:us-east-1:123456789012:t",
        true,
    ),
    (
        VARIABLES,
        "in ArnLike, whole",
        r#"{"ArnLike":{"aws:SourceArn":"${aws:PrincipalArn}"}}"#,
        "aws:PrincipalArn=arn:aws:iam::1:user/a;aws:SourceArn=arn:aws:iam::1:user/a",
        true,
    ),
    (
        VARIABLES,
        "in ArnLike, no value",
        r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sns:us-east-1:${aws:y}:t"}}"#,
        "aws:SourceArn=arn:aws:sns:us-east-1::t",
        false,
    ),
    (
        VARIABLES,
        "in EqualsIgnoreCase",
        r#"{"StringEqualsIgnoreCase":{"aws:x":"${aws:username}"}}"#,
        "aws:username=Alice;aws:x=aLICE",
        true,
    ),
    (
        VARIABLES,
        "negated, with value",
        r#"{"StringNotEquals":{"aws:x":"${aws:username}"}}"#,
        "aws:username=alice;aws:x=alice",
        false,
    ),
    (
        VARIABLES,
        "in a set",
        r#"{"ForAnyValue:StringLike":{"aws:x":"${aws:username}-*"}}"#,
        "aws:username=a;aws:x=b-1|a-1",
        true,
    ),
];

#[test]
fn conditions_hold_as_documented() {
    for table in [STRINGS, TYPED, SETS, VARIABLE] {
        for &(page, name, condition, given, holds) in table {
            check("2012-10-17", page, name, condition, given, [holds, holds]);
        }
    }
}

#[test]
fn versions_before_2012_have_no_variables() {
    let equals = r#"{"StringEquals":{"aws:x":"${aws:username}"}}"#;
    check("2008-10-17", VERSION, "a variable is text", equals, "aws:username=alice;aws:x=alice", [false; 2]);
    check("2008-10-17", VERSION, "text is text", equals, "aws:x=${aws:username}", [true; 2]);
    let star = r#"{"StringLike":{"aws:x":"${*}"}}"#;
    check("2008-10-17", VERSION, "* between braces is a wildcard", star, "aws:x=${abc}", [true; 2]);
}

/// "There is no equal or like value" to none, but "the entire statement might be invalid": what cannot
/// be decided does not allow, and does not lift a denial.
#[test]
fn negated_comparisons_with_nothing_fail_safe() {
    for condition in [
        r#"{"StringNotEquals":{"aws:x":"${aws:username}"}}"#,
        r#"{"StringNotLike":{"aws:x":"${aws:username}/*"}}"#,
        r#"{"ArnNotLike":{"aws:x":"arn:aws:iam::1:user/${aws:username}"}}"#,
        r#"{"ForAllValues:StringNotEquals":{"aws:x":"${aws:username}"}}"#,
        r#"{"ForAnyValue:StringNotEquals":{"aws:x":["b","${aws:username}"]}}"#,
    ] {
        check("2012-10-17", VARIABLES, "undecidable", condition, "aws:x=a", [false, true]);
    }
}

#[test]
fn operators_that_do_not_exist_are_refused() {
    for condition in [
        r#"{"StringIs":{"aws:x":"a"}}"#,
        r#"{"stringequals":{"aws:x":"a"}}"#,
        r#"{"NullIfExists":{"aws:x":"true"}}"#,
        r#"{"ForSomeValues:StringEquals":{"aws:x":"a"}}"#,
        r#"{"NumericLike":{"aws:x":"1"}}"#,
        r#"{"StringEquals":{"x":"a"}}"#,
        r#"{"StringEquals":{"aws:x":{"a":"b"}}}"#,
        r#"{"StringEquals":{"aws:x":null}}"#,
        r#"{"StringEquals":"aws:x"}"#,
        r#"{"NumericEquals":{"aws:x":"ten"}}"#,
        r#"{"NumericEquals":{"aws:x":"inf"}}"#,
        r#"{"DateEquals":{"aws:x":"yesterday"}}"#,
        r#"{"Bool":{"aws:x":"yes"}}"#,
        r#"{"Null":{"aws:x":"maybe"}}"#,
        r#"{"IpAddress":{"aws:x":"10.0.0.0/33"}}"#,
        r#"{"IpAddress":{"aws:x":"10.0.0"}}"#,
        r#"{"BinaryEquals":{"aws:x":"***"}}"#,
        "[]",
    ] {
        let text = statement("Allow", condition);
        let parsed = gantry_iam::Policy::parse(&crate::support::document("2012-10-17", &text), PolicyKind::Identity);
        assert!(parsed.is_err(), "{condition}");
    }
}

#[test]
fn the_tables_are_as_long_as_promised() {
    let conditions = STRINGS.len() + TYPED.len() + SETS.len() + VARIABLE.len();
    assert!(conditions + crate::elements::count() + crate::several::count() >= 150, "{conditions}");
}

fn statement(effect: &str, condition: &str) -> String {
    format!(r#"{{"Effect":"{effect}","Action":"*","Resource":"*","Condition":{condition}}}"#)
}

/// `holds`: in an Allow, in a Deny.
fn check(version: &str, page: &str, name: &str, condition: &str, given: &str, holds: [bool; 2]) {
    let context = context(given);
    let allow = parse(version, &statement("Allow", condition), PolicyKind::Identity);
    let allowed = decide(allow, "ecs:RunTask", "*", &context).is_allowed();
    assert_eq!(allowed, holds[0], "Allow, {page}: {name}");
    let everything = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
    let both = format!("[{everything},{}]", statement("Deny", condition));
    let outcome = decide(parse(version, &both, PolicyKind::Identity), "ecs:RunTask", "*", &context).outcome;
    assert_eq!(outcome == Outcome::ExplicitDeny, holds[1], "Deny, {page}: {name}");
}
