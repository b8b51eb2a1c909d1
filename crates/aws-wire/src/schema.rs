//! A service's model as constants: what `gantry-aws-api` holds for each service, made by
//! `cargo xtask codegen` from the public service models with all prose left out.

/// Index into [`ServiceSchema::shapes`].
pub type ShapeId = u16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// awsJson 1.0 or 1.1; see [`ServiceSchema::json_version`].
    AwsJson,
    RestJson,
    AwsQuery,
    Ec2Query,
    RpcV2Cbor,
}

/// How a service words a request that its model does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValidationForm {
    /// "1 validation error detected: Value 'x' at 'member' failed to satisfy constraint: Member must …".
    Detected,
    /// ECR: "Invalid parameter at 'member' failed to satisfy constraint: '…'".
    InvalidParameterAt,
    /// ECS: the member and what is wrong with it, in a short sentence.
    Plain,
}

#[derive(Debug)]
pub struct ServiceSchema {
    /// Gantry's and botocore's short name: `ecs`.
    pub name: &'static str,
    /// The name in a signature's scope.
    pub signing_name: &'static str,
    pub endpoint_prefix: &'static str,
    pub service_id: &'static str,
    pub full_name: &'static str,
    pub api_version: &'static str,
    pub protocol: Protocol,
    /// `1.0` or `1.1`; empty for other protocols.
    pub json_version: &'static str,
    pub target_prefix: &'static str,
    pub xml_namespace: &'static str,
    /// The error code for requests that break the model's constraints.
    pub validation_code: &'static str,
    pub validation_form: ValidationForm,
    /// Sorted by name.
    pub operations: &'static [OperationSchema],
    pub shapes: &'static [ShapeSchema],
}

impl ServiceSchema {
    pub fn operation(&self, name: &str) -> Option<&'static OperationSchema> {
        self.operations.binary_search_by(|op| op.name.cmp(name)).ok().map(|at| &self.operations[at])
    }

    pub fn shape(&self, id: ShapeId) -> &'static ShapeSchema {
        &self.shapes[usize::from(id)]
    }
}

#[derive(Debug)]
pub struct OperationSchema {
    pub name: &'static str,
    pub http_method: &'static str,
    /// With `{label}` and `{label+}` parts for REST protocols.
    pub http_uri: &'static str,
    pub http_status: u16,
    /// False: only routed, so that it can be refused by name; no shapes are kept.
    pub modelled: bool,
    pub input: Option<ShapeId>,
    pub output: Option<ShapeId>,
    /// awsQuery's `<CreateUserResult>`.
    pub result_wrapper: Option<&'static str>,
    pub errors: &'static [ShapeId],
    /// The output is an event stream.
    pub event_stream: bool,
    pub paginator: Option<Paginator>,
}

#[derive(Debug)]
pub struct Paginator {
    pub input_token: &'static str,
    pub output_token: &'static str,
    pub limit_key: Option<&'static str>,
}

#[derive(Debug)]
pub struct ShapeSchema {
    pub name: &'static str,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    pub min: Option<i64>,
    pub max: Option<i64>,
}

#[derive(Debug)]
pub enum Kind {
    Structure(Structure),
    List {
        member: ShapeId,
        location_name: Option<&'static str>,
        flattened: bool,
        size: Bounds,
    },
    Map {
        key: ShapeId,
        value: ShapeId,
        key_name: Option<&'static str>,
        value_name: Option<&'static str>,
        flattened: bool,
        size: Bounds,
    },
    String {
        size: Bounds,
        pattern: Option<&'static str>,
        values: &'static [&'static str],
    },
    Blob {
        size: Bounds,
        streaming: bool,
    },
    Integer(Bounds),
    Long(Bounds),
    Float(Bounds),
    Double(Bounds),
    Boolean,
    Timestamp(Option<TimestampFormat>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampFormat {
    EpochSeconds,
    Iso8601,
    Rfc822,
}

#[derive(Debug)]
pub struct Structure {
    /// In the model's order, which is the order XML is written in.
    pub members: &'static [Member],
    /// The member that is the whole HTTP body.
    pub payload: Option<&'static str>,
    pub error: Option<ErrorTrait>,
    pub event_stream: bool,
    pub union: bool,
}

#[derive(Debug)]
pub struct ErrorTrait {
    pub code: &'static str,
    pub status: u16,
    pub sender_fault: bool,
}

#[derive(Debug)]
pub struct Member {
    pub name: &'static str,
    pub shape: ShapeId,
    pub required: bool,
    pub location: Location,
    /// The name on the wire where it differs from `name`.
    pub location_name: Option<&'static str>,
    /// ec2Query's own name on requests.
    pub query_name: Option<&'static str>,
    pub flattened: bool,
    pub idempotency_token: bool,
    pub xml_attribute: bool,
    pub timestamp_format: Option<TimestampFormat>,
}

impl Member {
    pub fn wire_name(&self) -> &'static str {
        self.location_name.unwrap_or(self.name)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    Body,
    Uri,
    Query,
    Header,
    Headers,
    StatusCode,
}
