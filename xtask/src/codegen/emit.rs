//! The Rust text of one service: `schema.rs`, `types.rs`, `errors.rs`, `api.rs`, `mod.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};

use super::model::{Model, Operation, Ref, Shape};
use super::services::{Form, Service};

const HEAD: &str = "// Made by `cargo xtask codegen` from the public service model. Do not edit.\n\n";

pub fn service(model: &Model, service: &Service) -> Result<Vec<(&'static str, String)>> {
    Ok(vec![
        ("schema.rs", schema(model, service)?),
        ("types.rs", types(model)?),
        ("errors.rs", errors(model)),
        ("api.rs", api(model, service)),
        ("mod.rs", module(model, service)),
    ])
}

pub fn index(names: &[&str]) -> String {
    let mut out = String::from(HEAD);
    for name in names {
        let _ = writeln!(out, "pub mod {name};");
    }
    out
}

fn module(model: &Model, service: &Service) -> String {
    format!(
        "//! {}, API version {}.\n{HEAD}pub mod errors;\nmod api;\nmod schema;\nmod types;\n\n\
         pub use api::{{{api}, {api}Service}};\npub use schema::SERVICE;\npub use types::*;\n",
        model.metadata.service_full_name,
        model.metadata.api_version,
        api = service.api,
    )
}

// --- names ---

fn snake(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, &c) in chars.iter().enumerate() {
        if c == '-' || c == '.' || c == ':' {
            out.push('_');
            continue;
        }
        let starts_word = c.is_ascii_uppercase()
            && at > 0
            && (!chars[at - 1].is_ascii_uppercase() || chars.get(at + 1).is_some_and(char::is_ascii_lowercase));
        if starts_word && !out.ends_with('_') {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn field(name: &str) -> String {
    let name = snake(name);
    match name.as_str() {
        "type" | "enum" | "match" | "final" | "where" | "ref" | "virtual" | "override" | "loop" | "in" | "use" => {
            format!("r#{name}")
        }
        _ => name,
    }
}

fn camel(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
}

// --- types ---

fn types(model: &Model) -> Result<String> {
    let boxed = recursive_members(model);
    let mut body = String::new();
    for (name, shape) in &model.shapes {
        if shape.kind != "structure" || shape.exception || shape.eventstream {
            continue;
        }
        let _ = writeln!(body, "    pub struct {} {{", camel(name));
        for (member, target) in &shape.members {
            if model.shapes.get(&target.shape).is_some_and(|s| s.eventstream) {
                continue;
            }
            let mut ty = rust_type(model, &target.shape)?;
            if boxed.contains(&(name.clone(), member.clone())) {
                ty = format!("Box<{ty}>");
            }
            let need = if shape.required.contains(member) { "req" } else { "opt" };
            let _ = writeln!(body, "        {member:?} {need} {}: {ty},", field(member));
        }
        body.push_str("    }\n");
    }
    let mut uses = String::new();
    for (word, import) in [
        ("BTreeMap<", "use std::collections::BTreeMap;\n"),
        ("Bytes,", "use bytes::Bytes;\n"),
        ("Timestamp,", "use gantry_base::Timestamp;\n"),
    ] {
        if body.contains(word) {
            uses.push_str(import);
        }
    }
    Ok(format!("{HEAD}{uses}use gantry_aws_wire::shapes;\n\nshapes! {{\n{body}}}\n"))
}

fn rust_type(model: &Model, name: &str) -> Result<String> {
    let shape = model.shapes.get(name).with_context(|| format!("no shape {name}"))?;
    let inner = |target: &Option<Ref>| rust_type(model, &target.as_ref().context("a collection has a member")?.shape);
    Ok(match shape.kind.as_str() {
        "structure" if shape.exception => "gantry_aws_wire::__private::Value".to_owned(),
        "structure" => camel(name),
        "list" => format!("Vec<{}>", inner(&shape.member)?),
        "map" => format!("BTreeMap<String, {}>", inner(&shape.value)?),
        "string" | "character" => "String".to_owned(),
        "integer" => "i32".to_owned(),
        "long" => "i64".to_owned(),
        "float" | "double" => "f64".to_owned(),
        "boolean" => "bool".to_owned(),
        "timestamp" => "Timestamp".to_owned(),
        "blob" => "Bytes".to_owned(),
        other => bail!("shape {name} has the unknown type {other}"),
    })
}

/// Members through which a structure holds itself without a list or map in between.
fn recursive_members(model: &Model) -> BTreeSet<(String, String)> {
    fn reaches(model: &Model, from: &str, target: &str, seen: &mut BTreeSet<String>) -> bool {
        if from == target {
            return true;
        }
        if !seen.insert(from.to_owned()) {
            return false;
        }
        let Some(shape) = model.shapes.get(from).filter(|s| s.kind == "structure") else { return false };
        shape.members.iter().any(|(_, m)| reaches(model, &m.shape, target, seen))
    }
    let mut found = BTreeSet::new();
    for (name, shape) in model.shapes.iter().filter(|(_, s)| s.kind == "structure") {
        for (member, target) in &shape.members {
            if reaches(model, &target.shape, name, &mut BTreeSet::new()) {
                found.insert((name.clone(), member.clone()));
            }
        }
    }
    found
}

// --- errors ---

fn error_code(name: &str, shape: &Shape) -> String {
    shape.error.as_ref().and_then(|e| e.code.clone()).unwrap_or_else(|| name.to_owned())
}

fn error_status(shape: &Shape) -> u16 {
    let given = shape.error.as_ref().and_then(|e| e.http_status_code);
    given.unwrap_or(if shape.fault { 500 } else { 400 })
}

fn errors(model: &Model) -> String {
    let mut out = String::from(HEAD);
    if model.shapes.values().any(|s| s.exception) {
        out.push_str("use gantry_aws_wire::AwsError;\n");
    }
    for (name, shape) in model.shapes.iter().filter(|(_, s)| s.exception) {
        let status = error_status(shape);
        let base = if shape.fault || status >= 500 { "receiver" } else { "sender" };
        let default_status = if base == "receiver" { 500 } else { 400 };
        let tail = if status == default_status { String::new() } else { format!(".with_status({status})") };
        let _ = write!(
            out,
            "\npub fn {}(message: impl Into<String>) -> AwsError {{\n    AwsError::{base}({:?}, message){tail}\n}}\n",
            snake(name),
            error_code(name, shape),
        );
    }
    out
}

// --- the trait and its adapter ---

fn is_event_stream(model: &Model, operation: &Operation) -> bool {
    let members = operation.output.as_ref().and_then(|o| model.shapes.get(&o.shape)).map(|s| &s.members);
    members.is_some_and(|m| m.iter().any(|(_, r)| model.shapes.get(&r.shape).is_some_and(|s| s.eventstream)))
}

fn api(model: &Model, service: &Service) -> String {
    let api = service.api;
    let mut methods = String::new();
    let mut arms = String::new();
    let modelled = model.operations.iter().filter(|(name, _)| Model::modelled(service, name));
    for (name, operation) in modelled {
        let method = field(name);
        let input = operation.input.as_ref().map(|r| camel(&r.shape));
        let (param, arg) = match &input {
            Some(ty) => (format!(", input: types::{ty}"), ", parse(input)?".to_owned()),
            None => (String::new(), String::new()),
        };
        let (output, wrap) = if is_event_stream(model, operation) {
            ("Events".to_owned(), "Output::Events(answer)".to_owned())
        } else if let Some(r) = &operation.output {
            (format!("types::{}", camel(&r.shape)), "Output::Value(answer.to_value())".to_owned())
        } else {
            ("()".to_owned(), "Output::Value(empty(answer))".to_owned())
        };
        let unused = if input.is_some() { "(context, input)" } else { "context" };
        let _ = write!(
            methods,
            "\n    async fn {method}(&self, context: &Context{param}) -> Result<{output}, AwsError> {{\n        \
             let _ = {unused};\n        Err(AwsError::not_implemented({name:?}))\n    }}\n"
        );
        let _ = writeln!(arms, "            {name:?} => {{ let answer = api.{method}(context{arg}).await?; {wrap} }}");
    }
    let events = if methods.contains("Result<Events") { ", Events" } else { "" };
    let empty = if arms.contains("empty(") { ", empty" } else { "" };
    format!(
        "{HEAD}use std::sync::Arc;\n\nuse async_trait::async_trait;\nuse bytes::Bytes;\n\
         use gantry_aws_wire::schema::{{OperationSchema, ServiceSchema}};\n\
         use gantry_aws_wire::{{Access, AwsError, Context, Output, Service, Shape as _}};\n\
         use serde_json::Value;\n\nuse super::{{schema, types}};\nuse crate::support::{{parse{empty}{events}}};\n\n\
         /// {full}. An operation that is not overridden answers `501 NotImplemented` with its name.\n\
         #[async_trait]\npub trait {api}: Send + Sync + 'static {{\n    \
         /// What the caller must be allowed before `operation` runs; see [`Service::accesses`].\n    \
         async fn accesses(&self, operation: &str, input: &Value, context: &Context) -> Result<Vec<Access>, AwsError>;\n\n    \
         /// A whole answer that is ready as JSON, for operations where building it anew costs too much.\n    \
         async fn prerendered(&self, operation: &str, input: &Value, context: &Context) -> Option<Result<Bytes, AwsError>> {{\n        \
         let _ = (operation, input, context);\n        None\n    }}\n{methods}}}\n\n\
         /// Makes a [`Service`] of any [`{api}`].\npub struct {api}Service<T>(pub Arc<T>);\n\n\
         #[async_trait]\nimpl<T: {api}> Service for {api}Service<T> {{\n    \
         fn schema(&self) -> &'static ServiceSchema {{\n        &schema::SERVICE\n    }}\n\n    \
         async fn accesses(&self, operation: &'static OperationSchema, input: &Value, context: &Context) -> Result<Vec<Access>, AwsError> {{\n        \
         self.0.accesses(operation.name, input, context).await\n    }}\n\n    \
         async fn call(&self, operation: &'static OperationSchema, input: Value, context: &Context) -> Result<Output, AwsError> {{\n        \
         let api = &*self.0;\n        \
         if let Some(ready) = api.prerendered(operation.name, &input, context).await {{\n            return ready.map(Output::Json);\n        }}\n        \
         Ok(match operation.name {{\n{arms}            other => return Err(AwsError::not_implemented(other)),\n        }})\n    }}\n}}\n",
        full = model.metadata.service_full_name,
    )
}

// --- the schema table ---

fn option(text: Option<&str>) -> String {
    text.map_or_else(|| "None".to_owned(), |t| format!("Some({t:?})"))
}

fn bounds(shape: &Shape) -> String {
    let whole = |n: f64| n as i64;
    match (shape.min.map(whole), shape.max.map(whole)) {
        (None, None) => "ANY".to_owned(),
        (min, max) => format!("Bounds {{ min: {min:?}, max: {max:?} }}"),
    }
}

fn timestamp_format(name: Option<&str>) -> Result<String> {
    Ok(match name {
        None => "None".to_owned(),
        Some("iso8601") => "Some(TimestampFormat::Iso8601)".to_owned(),
        Some("unixTimestamp") => "Some(TimestampFormat::EpochSeconds)".to_owned(),
        Some("rfc822") => "Some(TimestampFormat::Rfc822)".to_owned(),
        Some(other) => bail!("unknown timestamp format {other}"),
    })
}

fn schema(model: &Model, service: &Service) -> Result<String> {
    let ids: BTreeMap<&str, usize> = model.shapes.keys().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    let m = &model.metadata;
    let protocol = match m.protocol.as_str() {
        "json" => "AwsJson",
        "rest-json" => "RestJson",
        "query" => "AwsQuery",
        "ec2" => "Ec2Query",
        other => bail!("unknown protocol {other}"),
    };
    let form = match service.form {
        Form::Detected => "Detected",
        Form::InvalidParameterAt => "InvalidParameterAt",
        Form::Plain => "Plain",
    };
    let mut out = format!(
        "{HEAD}use gantry_aws_wire::schema::*;\n\n#[allow(dead_code, reason = \"few models bound everything\")]\n\
         const ANY: Bounds = Bounds {{ min: None, max: None }};\n\n\
         pub static SERVICE: ServiceSchema = ServiceSchema {{\n    name: {:?},\n    signing_name: {:?},\n    \
         endpoint_prefix: {:?},\n    service_id: {:?},\n    full_name: {:?},\n    api_version: {:?},\n    \
         protocol: Protocol::{protocol},\n    json_version: {:?},\n    target_prefix: {:?},\n    xml_namespace: {:?},\n    \
         validation_code: {:?},\n    validation_form: ValidationForm::{form},\n    operations: OPERATIONS,\n    \
         shapes: SHAPES,\n}};\n",
        service.name,
        m.signing_name.as_deref().unwrap_or(&m.endpoint_prefix),
        m.endpoint_prefix,
        m.service_id,
        m.service_full_name,
        m.api_version,
        m.json_version,
        m.target_prefix,
        m.xml_namespace,
        service.validation_code,
    );
    out.push_str("\n#[rustfmt::skip]\nstatic OPERATIONS: &[OperationSchema] = &[\n");
    for (name, operation) in &model.operations {
        out.push_str(&operation_row(model, service, name, operation, &ids));
    }
    out.push_str("];\n\n#[rustfmt::skip]\nstatic SHAPES: &[ShapeSchema] = &[\n");
    for (name, shape) in &model.shapes {
        let kind = kind(name, shape, &ids).with_context(|| format!("shape {name}"))?;
        let _ = writeln!(out, "    // {}\n    ShapeSchema {{ name: {name:?}, kind: {kind} }},", ids[name.as_str()]);
    }
    out.push_str("];\n");
    Ok(out)
}

fn operation_row(
    model: &Model,
    service: &Service,
    name: &str,
    operation: &Operation,
    ids: &BTreeMap<&str, usize>,
) -> String {
    let modelled = Model::modelled(service, name);
    let id = |target: &Option<Ref>| match target {
        Some(r) if modelled => format!("Some({})", ids[r.shape.as_str()]),
        _ => "None".to_owned(),
    };
    let wrapper = operation.output.as_ref().and_then(|o| o.result_wrapper.as_deref()).filter(|_| modelled);
    let errors: Vec<String> = if modelled {
        operation.errors.iter().map(|r| ids[r.shape.as_str()].to_string()).collect()
    } else {
        Vec::new()
    };
    let paginator = match model.paginators.get(name).filter(|_| modelled) {
        None => "None".to_owned(),
        Some(p) => format!(
            "Some(Paginator {{ input_token: {:?}, output_token: {:?}, limit_key: {} }})",
            p.input_token,
            p.output_token,
            option(p.limit_key.as_deref())
        ),
    };
    format!(
        "    OperationSchema {{ name: {name:?}, http_method: {:?}, http_uri: {:?}, http_status: {}, modelled: {modelled}, \
         input: {}, output: {}, result_wrapper: {}, errors: &[{}], event_stream: {}, paginator: {paginator} }},\n",
        operation.http.method,
        operation.http.request_uri,
        operation.http.response_code.unwrap_or(200),
        id(&operation.input),
        id(&operation.output),
        option(wrapper),
        errors.join(", "),
        is_event_stream(model, operation),
    )
}

fn kind(name: &str, shape: &Shape, ids: &BTreeMap<&str, usize>) -> Result<String> {
    let id = |target: &Option<Ref>| -> Result<usize> {
        Ok(ids[target.as_ref().context("a collection has a member")?.shape.as_str()])
    };
    let wire_name = |target: &Option<Ref>| option(target.as_ref().and_then(|r| r.location_name.as_deref()));
    let size = bounds(shape);
    Ok(match shape.kind.as_str() {
        "structure" => structure(name, shape, ids)?,
        "list" => format!(
            "Kind::List {{ member: {}, location_name: {}, flattened: {}, size: {size} }}",
            id(&shape.member)?,
            wire_name(&shape.member),
            shape.flattened
        ),
        "map" => format!(
            "Kind::Map {{ key: {}, value: {}, key_name: {}, value_name: {}, flattened: {}, size: {size} }}",
            id(&shape.key)?,
            id(&shape.value)?,
            wire_name(&shape.key),
            wire_name(&shape.value),
            shape.flattened
        ),
        "string" | "character" => format!(
            "Kind::String {{ size: {size}, pattern: {}, values: &{:?} }}",
            option(shape.pattern.as_deref()),
            shape.values
        ),
        "blob" => format!("Kind::Blob {{ size: {size}, streaming: {} }}", shape.streaming),
        "integer" => format!("Kind::Integer({size})"),
        "long" => format!("Kind::Long({size})"),
        "float" => format!("Kind::Float({size})"),
        "double" => format!("Kind::Double({size})"),
        "boolean" => "Kind::Boolean".to_owned(),
        "timestamp" => format!("Kind::Timestamp({})", timestamp_format(shape.timestamp_format.as_deref())?),
        other => bail!("unknown type {other}"),
    })
}

fn structure(name: &str, shape: &Shape, ids: &BTreeMap<&str, usize>) -> Result<String> {
    let mut members = String::new();
    for (member_name, member) in &shape.members {
        let location = match member.location.as_deref() {
            None => "Body",
            Some("uri") => "Uri",
            Some("querystring") => "Query",
            Some("header") => "Header",
            Some("headers") => "Headers",
            Some("statusCode") => "StatusCode",
            Some(other) => bail!("unknown location {other}"),
        };
        let _ = write!(
            members,
            "Member {{ name: {member_name:?}, shape: {}, required: {}, location: Location::{location}, location_name: {}, \
             query_name: {}, flattened: {}, idempotency_token: {}, xml_attribute: {}, timestamp_format: {} }}, ",
            ids[member.shape.as_str()],
            shape.required.contains(member_name),
            option(member.location_name.as_deref()),
            option(member.query_name.as_deref()),
            member.flattened,
            member.idempotency_token,
            member.xml_attribute,
            timestamp_format(member.timestamp_format.as_deref())?,
        );
    }
    let error = if shape.exception {
        format!(
            "Some(ErrorTrait {{ code: {:?}, status: {}, sender_fault: {} }})",
            error_code(name, shape),
            error_status(shape),
            shape.error.as_ref().is_some_and(|e| e.sender_fault)
        )
    } else {
        "None".to_owned()
    };
    Ok(format!(
        "Kind::Structure(Structure {{ members: &[{members}], payload: {}, error: {error}, event_stream: {}, union: {} }})",
        option(shape.payload.as_deref()),
        shape.eventstream,
        shape.union
    ))
}
