//! `gantry up --demo`: the main job, done by a client of the server's own port.
//!
//! Nothing here reaches past the APIs: what the demo does, the AWS CLI and an OCI client can do.

pub mod app;
mod image;

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use gantry_base::Region;
use http::{Method, StatusCode};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::client::{self, Client};
use crate::datadir::AdminKey;

const REPOSITORY: &str = "gantry-demo";
const CLUSTER: &str = "demo";
const FAMILY: &str = "gantry-demo";
const LOG_GROUP: &str = "/ecs/gantry-demo";
const PORT: u16 = 80;
/// How long a task may take to run and its page to answer.
const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What the demo ended with.
pub struct Demo {
    pub url: String,
    pub task_arn: String,
    pub repository_uri: String,
}

pub async fn run(authority: String, region: Region, key: &AdminKey) -> Result<Demo> {
    let aws = Client::new(authority, region, key);
    let steps = Steps::default();

    steps.begin("Building an image of this very binary");
    let image = tokio::task::spawn_blocking(|| image::build(PORT)).await??;
    steps.done(&format!("image of {:.1} MB", image.layer.len() as f64 / 1e6));

    steps.begin("Creating the repository");
    let uri = repository(&aws).await?;
    steps.done(&format!("repository {uri}"));

    steps.begin("Pushing the image");
    push(&aws, &image).await?;
    steps.done("image pushed as v1");

    steps.begin("Creating cluster, log group and task definition");
    let registry = ecr(&aws, "DescribeRegistry", &json!({})).await?;
    let account = text(&registry, "/registryId")?;
    existing(aws.aws_json("logs", "Logs_20140328.CreateLogGroup", &json!({ "logGroupName": LOG_GROUP })).await)?;
    ecs(&aws, "CreateCluster", &json!({ "clusterName": CLUSTER })).await?;
    let definition = ecs(&aws, "RegisterTaskDefinition", &task_definition(&uri, &account)).await?;
    let definition = text(&definition, "/taskDefinition/taskDefinitionArn")?;
    steps.done(&format!("task definition {}", definition.rsplit('/').next().unwrap_or(&definition)));

    steps.begin("Running it on Fargate");
    let task_arn = run_task(&aws, &definition).await?;
    let address = running_at(&aws, &task_arn).await?;
    steps.done(&format!("task {} runs at {address}", task_arn.rsplit('/').next().unwrap_or(&task_arn)));

    steps.begin("Waiting for its page");
    answers(&format!("{address}:{PORT}")).await?;
    steps.done("the page answers");
    Ok(Demo { url: format!("http://{address}/"), task_arn, repository_uri: uri })
}

async fn ecs(aws: &Client, operation: &str, input: &Value) -> Result<Value> {
    aws.aws_json("ecs", &format!("AmazonEC2ContainerServiceV20141113.{operation}"), input).await
}

async fn ecr(aws: &Client, operation: &str, input: &Value) -> Result<Value> {
    aws.aws_json("ecr", &format!("AmazonEC2ContainerRegistry_V20150921.{operation}"), input).await
}

fn text(value: &Value, pointer: &str) -> Result<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    Ok(found.with_context(|| format!("the answer lacks {pointer}"))?.to_owned())
}

/// A second demo on the same directory finds what the first one made.
fn existing(outcome: Result<Value>) -> Result<Option<Value>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.to_string().contains("AlreadyExists") => Ok(None),
        Err(error) => Err(error),
    }
}

async fn repository(aws: &Client) -> Result<String> {
    if let Some(made) = existing(ecr(aws, "CreateRepository", &json!({ "repositoryName": REPOSITORY })).await)? {
        return text(&made, "/repository/repositoryUri");
    }
    let found = ecr(aws, "DescribeRepositories", &json!({ "repositoryNames": [REPOSITORY] })).await?;
    text(&found, "/repositories/0/repositoryUri")
}

async fn push(aws: &Client, image: &image::DemoImage) -> Result<()> {
    let token = ecr(aws, "GetAuthorizationToken", &json!({})).await?;
    let token = text(&token, "/authorizationData/0/authorizationToken")?;
    let octets = "application/octet-stream";
    for (digest, bytes) in [(&image.layer_digest, &image.layer), (&image.config_digest, &image.config)] {
        let path = format!("/v2/{REPOSITORY}/blobs/{digest}");
        if aws.registry(Method::HEAD, &path, &token, octets, Bytes::new()).await?.status() == StatusCode::OK {
            continue;
        }
        let started = aws
            .registry(Method::POST, &format!("/v2/{REPOSITORY}/blobs/uploads/"), &token, octets, Bytes::new())
            .await?;
        let location = started
            .headers()
            .get("location")
            .and_then(|l| l.to_str().ok())
            .context("the registry gave no upload location")?;
        let path = location.find("/v2/").map_or(location, |at| &location[at..]);
        let path = format!("{path}{}digest={digest}", if path.contains('?') { '&' } else { '?' });
        let put = aws.registry(Method::PUT, &path, &token, octets, Bytes::from(bytes.clone())).await?;
        expect(&put, StatusCode::CREATED, "blob")?;
    }
    let manifest = Bytes::from(image.manifest.clone());
    let path = format!("/v2/{REPOSITORY}/manifests/v1");
    let put = aws.registry(Method::PUT, &path, &token, image::MANIFEST_TYPE, manifest).await?;
    expect(&put, StatusCode::CREATED, "manifest")
}

fn expect(answer: &http::Response<Bytes>, status: StatusCode, what: &str) -> Result<()> {
    if answer.status() != status {
        bail!("the registry refused the {what}: {} {}", answer.status(), String::from_utf8_lossy(answer.body()));
    }
    Ok(())
}

fn task_definition(image: &str, account: &str) -> Value {
    json!({
        "family": FAMILY,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": format!("arn:aws:iam::{account}:role/ecsTaskExecutionRole"),
        "containerDefinitions": [{
            "name": "web",
            "image": format!("{image}:v1"),
            "essential": true,
            "portMappings": [{ "containerPort": PORT }],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": { "awslogs-group": LOG_GROUP, "awslogs-region": "us-east-1", "awslogs-stream-prefix": "demo" },
            },
        }],
    })
}

async fn run_task(aws: &Client, definition: &str) -> Result<String> {
    let network =
        json!({ "awsvpcConfiguration": { "subnets": ["subnet-00000000000000000"], "assignPublicIp": "ENABLED" } });
    let input = json!({
        "cluster": CLUSTER, "launchType": "FARGATE", "taskDefinition": definition, "networkConfiguration": network,
    });
    let ran = ecs(aws, "RunTask", &input).await?;
    text(&ran, "/tasks/0/taskArn")
}

async fn running_at(aws: &Client, task: &str) -> Result<String> {
    let give_up = tokio::time::Instant::now() + PATIENCE;
    loop {
        let seen = ecs(aws, "DescribeTasks", &json!({ "cluster": CLUSTER, "tasks": [task] })).await?;
        match text(&seen, "/tasks/0/lastStatus")?.as_str() {
            "RUNNING" => return text(&seen, "/tasks/0/containers/0/networkInterfaces/0/privateIpv4Address"),
            "DEPROVISIONING" | "STOPPED" => {
                let reason = text(&seen, "/tasks/0/stoppedReason").unwrap_or_default();
                let container = text(&seen, "/tasks/0/containers/0/reason").unwrap_or_default();
                bail!("the task stopped: {reason} {container}\n  `gantry doctor` tells what this host lacks.");
            }
            status if tokio::time::Instant::now() > give_up => bail!("the task is still {status} after a minute"),
            _ => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

async fn answers(authority: &str) -> Result<()> {
    let give_up = tokio::time::Instant::now() + PATIENCE;
    loop {
        match client::get(authority, "/").await {
            Ok(page) if page.status().is_success() => return Ok(()),
            Ok(page) if tokio::time::Instant::now() > give_up => bail!("the page answers {}", page.status()),
            Err(error) if tokio::time::Instant::now() > give_up => {
                return Err(error.context("the page does not answer"));
            }
            _ => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

/// One line a step: a spinner while it lasts, a tick when it is done.
#[derive(Default)]
struct Steps(std::cell::RefCell<Option<(ProgressBar, std::time::Instant)>>);

impl Steps {
    fn begin(&self, what: &'static str) {
        let style =
            ProgressStyle::with_template("  {spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = ProgressBar::new_spinner().with_style(style).with_message(what);
        bar.enable_steady_tick(Duration::from_millis(80));
        self.0.replace(Some((bar, std::time::Instant::now())));
    }

    fn done(&self, what: &str) {
        if let Some((bar, since)) = self.0.take() {
            bar.finish_and_clear();
            println!("  ✓ {what} ({:.2} s)", since.elapsed().as_secs_f64());
        }
    }
}
