//! Requests and answers of the RPC protocols, byte for byte.

use gantry_aws_wire::AwsError;
use gantry_aws_wire::protocol::{self, json, query};
use gantry_aws_wire::schema::ServiceSchema;
use serde_json::{Value, json};

use crate::model::{EC2, JSON, QUERY};

fn put(service: &'static ServiceSchema) -> &'static gantry_aws_wire::schema::OperationSchema {
    service.operation("Put").expect("Put")
}

fn text(reply: &protocol::Reply) -> String {
    String::from_utf8(reply.body.to_vec()).expect("UTF-8")
}

#[test]
fn json_requests() {
    for (body, expected) in [
        ("", json!({})),
        ("{}", json!({})),
        (r#"{"Name":"a","Unknown":[1,{"x":2}]}"#, json!({"Name": "a"})),
        (r#"{"Name":null,"Count":3.0,"On":true}"#, json!({"Count": 3, "On": true})),
        (r#"{"When":1.5}"#, json!({"When": 1.5})),
        (r#"{"When":"2026-11-22T10:00:00Z"}"#, json!({"When": 1_795_341_600})),
        (r#"{"When":"Sun, 22 Nov 2026 10:00:00 GMT"}"#, json!({"When": 1_795_341_600})),
        (r#"{"Ratio":"NaN","Data":"aGk="}"#, json!({"Ratio": "NaN", "Data": "aGk="})),
        (r#"{"Words":["a",null],"Scores":{"x":1,"y":null}}"#, json!({"Words": ["a", null], "Scores": {"x": 1}})),
        (r#"{"Pairs":[{"Key":"k","Value":-1}]}"#, json!({"Pairs": [{"Key": "k", "Value": -1}]})),
    ] {
        assert_eq!(json::decode(&JSON, put(&JSON).input, body.as_bytes()).expect(body), expected, "{body}");
    }
}

#[test]
fn json_of_the_wrong_types_is_refused() {
    for (body, message) in [
        ("[", "Unexpected end-of-input"),
        ("{x", "Could not parse the request body as JSON"),
        ("[]", "Start of list found where not expected."),
        ("\"x\"", "Unexpected field type"),
        (r#"{"Name":1}"#, "NUMBER_VALUE can not be converted to a String"),
        (r#"{"Name":{}}"#, "Start of structure or map found where not expected."),
        (r#"{"Count":"1"}"#, "STRING_VALUE can not be converted to an Integer"),
        (r#"{"Count":1.5}"#, "NUMBER_VALUE can not be converted to an Integer"),
        (r#"{"Count":2147483648}"#, "NUMBER_VALUE can not be converted to an Integer"),
        (r#"{"On":"true"}"#, "STRING_VALUE can not be converted to a Boolean"),
        (r#"{"When":"soon"}"#, "STRING_VALUE can not be converted to a Timestamp"),
        (r#"{"When":1e300}"#, "NUMBER_VALUE can not be converted to a Timestamp"),
        (r#"{"Data":"no base64"}"#, "STRING_VALUE can not be converted to a Blob: it is not base64"),
        (r#"{"Words":"a"}"#, "Unexpected field type"),
        (r#"{"Words":[true]}"#, "TRUE_VALUE can not be converted to a String"),
    ] {
        let error = json::decode(&JSON, put(&JSON).input, body.as_bytes()).expect_err(body);
        assert_eq!(
            (error.code.as_str(), error.message.as_str(), error.status),
            ("SerializationException", message, 400),
            "{body}"
        );
    }
}

fn sample() -> Value {
    json!({
        "Name": "a<&>\"b", "Count": 3, "On": true, "When": 1_795_341_600, "Data": "aGk=", "Ratio": 0.5,
        "Words": ["x", "y"], "Pairs": [{"Key": "k", "Value": 1}], "Scores": {"s": 9}, "Flat": ["f", "g"],
        "NotOfTheModel": 1,
    })
}

#[test]
fn json_answers() {
    let reply = protocol::encode(&JSON, put(&JSON), &sample(), "id").expect("an answer");
    assert_eq!(reply.headers["content-type"], "application/x-amz-json-1.1");
    assert_eq!(
        text(&reply),
        r#"{"Name":"a<&>\"b","Count":3,"On":true,"When":1795341600,"Data":"aGk=","Ratio":0.5,"Words":["x","y"],"Pairs":[{"Key":"k","Value":1}],"Scores":{"s":9},"Flat":["f","g"]}"#
    );
}

#[test]
fn query_requests() {
    let form = "Action=Put&Version=2020-01-02&Name=a+b%26&Count=3&On=true&When=2026-11-22T10%3A00%3A00Z&Data=aGk%3D\
                &Ratio=0.5&Words.member.1=x&Words.member.2=y&pairSet.item.1.Key=k&pairSet.item.1.Value=1\
                &Scores.entry.1.key=s&Scores.entry.1.value=9&Flat.1=f&Flat.2=g&Stray.1.x=y";
    let params = query::Params::parse(form.as_bytes()).expect("a form");
    let mut expected = sample();
    expected["Name"] = json!("a b&");
    expected.as_object_mut().expect("an object").remove("NotOfTheModel");
    assert_eq!(query::decode(&QUERY, put(&QUERY), &params).expect("an input"), expected);
    let ec2 = form.replace("Words.member", "Words").replace("pairSet.item", "PairSet");
    let params = query::Params::parse(ec2.as_bytes()).expect("a form");
    assert_eq!(query::decode(&EC2, put(&EC2), &params).expect("an input"), expected);
}

#[test]
fn query_lists_keep_their_numbers_order() {
    let form = "Words.member.10=j&Words.member.2=b&Words.member.1=a";
    let params = query::Params::parse(form.as_bytes()).expect("a form");
    let input = query::decode(&QUERY, put(&QUERY), &params).expect("an input");
    assert_eq!(input, json!({"Words": ["a", "b", "j"]}));
    let params = query::Params::parse(b"Words=&Name=").expect("a form");
    assert_eq!(query::decode(&QUERY, put(&QUERY), &params).expect("an input"), json!({"Words": [], "Name": ""}));
}

#[test]
fn malformed_query_values_are_refused() {
    for (form, ec2, code) in [
        ("Count=x", false, "MalformedInput"),
        ("Count=x", true, "InvalidParameterValue"),
        ("On=yes", false, "MalformedInput"),
        ("When=soon", false, "MalformedInput"),
        ("Data=%21", false, "MalformedInput"),
    ] {
        let service = if ec2 { &EC2 } else { &QUERY };
        let params = query::Params::parse(form.as_bytes()).expect("a form");
        assert_eq!(query::decode(service, put(service), &params).expect_err(form).code, code);
    }
    assert_eq!(query::Params::parse(b"a=%FF").expect_err("not UTF-8").code, "MalformedQueryString");
}

#[test]
fn xml_answers() {
    let reply = protocol::encode(&QUERY, put(&QUERY), &sample(), "id-1").expect("an answer");
    assert_eq!(reply.headers["content-type"], "text/xml");
    assert_eq!(
        text(&reply),
        "<PutResponse xmlns=\"https://thing.example/doc/\"><PutResult><Name>a&lt;&amp;&gt;&quot;b</Name><Count>3</Count>\
         <On>true</On><When>2026-11-22T10:00:00Z</When><Data>aGk=</Data><Ratio>0.5</Ratio>\
         <Words><member>x</member><member>y</member></Words><pairSet><item><Key>k</Key><Value>1</Value></item></pairSet>\
         <Scores><entry><key>s</key><value>9</value></entry></Scores><Flat>f</Flat><Flat>g</Flat></PutResult>\
         <ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></PutResponse>"
    );
    let reply = protocol::encode(&EC2, put(&EC2), &json!({"Pairs": [], "Name": "n\u{1}"}), "id-2").expect("an answer");
    assert_eq!(
        text(&reply),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PutResponse xmlns=\"https://thing.example/doc/\">\
         <requestId>id-2</requestId><Name>n\u{FFFD}</Name><pairSet/></PutResponse>"
    );
}

#[test]
fn errors_in_each_protocol() {
    let error = AwsError::sender("NoSuchThing", "No <thing>.").with_status(404).with_field("thing", "t-1");
    let reply = protocol::encode_error(&JSON, &error, "id");
    assert_eq!(reply.status, 404);
    assert_eq!(text(&reply), r#"{"Message":"No <thing>.","__type":"NoSuchThing","thing":"t-1"}"#);
    let reply = protocol::encode_error(&QUERY, &error, "id");
    assert_eq!(
        text(&reply),
        "<ErrorResponse xmlns=\"https://thing.example/doc/\"><Error><Type>Sender</Type><Code>NoSuchThing</Code>\
         <Message>No &lt;thing&gt;.</Message><thing>t-1</thing></Error><RequestId>id</RequestId></ErrorResponse>"
    );
    let reply = protocol::encode_error(&EC2, &error, "id");
    assert_eq!(
        text(&reply),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>NoSuchThing</Code>\
         <Message>No &lt;thing&gt;.</Message></Error></Errors><RequestID>id</RequestID></Response>"
    );
    let other = protocol::encode_error(&JSON, &AwsError::sender("Else", "m"), "id");
    assert_eq!(text(&other), r#"{"__type":"Else","message":"m"}"#);
}
