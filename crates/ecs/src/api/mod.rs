//! The handlers: each checks, then writes what is wanted in one transaction, or reads.

mod clusters;
mod definitions;
mod listing;
mod placement;
mod run;
mod services;
mod settings;
mod tagging;
mod tasks;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use gantry_aws_api::ecs as model;
use gantry_aws_api::ecs::{Ecs, errors};
use gantry_aws_wire::{Access, AwsError, Context, PageTokens};
use gantry_base::{SharedClock, SharedEntropy};
use gantry_store::{Store, Txn};
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::controller::{self, Controller};
use crate::error::{Error, Result};
use crate::view::View;

pub(crate) use self::definitions::arn as definition_arn;
pub(crate) use self::tagging::tags_of;

/// How often a handler starts anew when others change its records in between.
const MAX_TRIES: usize = 32;

/// What ECS needs from the outside.
#[derive(Clone)]
pub struct Dependencies {
    pub store: Store,
    pub clock: SharedClock,
    pub entropy: SharedEntropy,
    pub pages: PageTokens,
}

/// ECS: the API's handlers and the controller behind them. Dropping it stops the controller.
pub struct EcsApi {
    pub(crate) store: Store,
    pub(crate) clock: SharedClock,
    pub(crate) entropy: SharedEntropy,
    pub(crate) pages: PageTokens,
    pub(crate) view: Arc<View>,
    background: Vec<JoinHandle<()>>,
}

impl Drop for EcsApi {
    fn drop(&mut self) {
        self.background.iter().for_each(JoinHandle::abort);
    }
}

impl EcsApi {
    /// Reads ECS's records and starts the view and the controller on the current tokio runtime.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn start(dependencies: Dependencies) -> Result<Arc<Self>> {
        let Dependencies { store, clock, entropy, pages } = dependencies;
        let (view, watch) = View::load(&store).await?;
        let controller = Controller { store: store.clone(), clock: clock.clone(), view: view.clone() };
        let background =
            vec![tokio::spawn(controller::feed(view.clone(), store.clone(), watch)), tokio::spawn(controller.run())];
        Ok(Arc::new(Self { store, clock, entropy, pages, view, background }))
    }

    /// Runs a transaction that writes a record of ECS's; if it took effect, returns once reads will show it.
    pub(crate) async fn commit(&self, operation: &'static str, txn: Txn) -> Result<bool, AwsError> {
        let done = self.store.txn(txn).await.map_err(Error::store(operation, "ecs"))?;
        if done.succeeded {
            self.view.wait(done.revision).await;
        }
        Ok(done.succeeded)
    }

    pub(crate) fn contended() -> AwsError {
        errors::server_exception("The resource kept changing. Please try again.")
    }
}

macro_rules! handlers {
    ($($name:ident($input:ident) -> $output:ident = $module:ident :: $function:ident;)*) => {
        #[async_trait]
        impl Ecs for EcsApi {
            async fn accesses(
                &self,
                operation: &str,
                input: &Value,
                context: &Context,
            ) -> Result<Vec<Access>, AwsError> {
                crate::access::accesses(self, operation, input, context).await
            }

            async fn prerendered(
                &self,
                operation: &str,
                input: &Value,
                context: &Context,
            ) -> Option<Result<Bytes, AwsError>> {
                (operation == "DescribeTasks").then(|| tasks::describe_rendered(self, input, context))
            }

            $(async fn $name(
                &self,
                context: &Context,
                input: model::$input,
            ) -> Result<model::$output, AwsError> {
                $module::$function(self, context, input).await
            })*
        }
    };
}

handlers! {
    create_cluster(CreateClusterRequest) -> CreateClusterResponse = clusters::create;
    describe_clusters(DescribeClustersRequest) -> DescribeClustersResponse = clusters::describe;
    list_clusters(ListClustersRequest) -> ListClustersResponse = clusters::list;
    delete_cluster(DeleteClusterRequest) -> DeleteClusterResponse = clusters::delete;
    update_cluster(UpdateClusterRequest) -> UpdateClusterResponse = clusters::update;
    update_cluster_settings(UpdateClusterSettingsRequest) -> UpdateClusterSettingsResponse = clusters::update_settings;
    put_cluster_capacity_providers(PutClusterCapacityProvidersRequest) -> PutClusterCapacityProvidersResponse
        = clusters::put_capacity_providers;
    describe_capacity_providers(DescribeCapacityProvidersRequest) -> DescribeCapacityProvidersResponse
        = clusters::describe_capacity_providers;
    register_task_definition(RegisterTaskDefinitionRequest) -> RegisterTaskDefinitionResponse = definitions::register;
    describe_task_definition(DescribeTaskDefinitionRequest) -> DescribeTaskDefinitionResponse = definitions::describe;
    deregister_task_definition(DeregisterTaskDefinitionRequest) -> DeregisterTaskDefinitionResponse
        = definitions::deregister;
    delete_task_definitions(DeleteTaskDefinitionsRequest) -> DeleteTaskDefinitionsResponse = definitions::delete;
    list_task_definitions(ListTaskDefinitionsRequest) -> ListTaskDefinitionsResponse = listing::definitions;
    list_task_definition_families(ListTaskDefinitionFamiliesRequest) -> ListTaskDefinitionFamiliesResponse
        = listing::families;
    run_task(RunTaskRequest) -> RunTaskResponse = run::run_task;
    start_task(StartTaskRequest) -> StartTaskResponse = services::start_task;
    describe_tasks(DescribeTasksRequest) -> DescribeTasksResponse = tasks::describe;
    list_tasks(ListTasksRequest) -> ListTasksResponse = tasks::list;
    stop_task(StopTaskRequest) -> StopTaskResponse = tasks::stop;
    tag_resource(TagResourceRequest) -> TagResourceResponse = tagging::tag;
    untag_resource(UntagResourceRequest) -> UntagResourceResponse = tagging::untag;
    list_tags_for_resource(ListTagsForResourceRequest) -> ListTagsForResourceResponse = tagging::list;
    put_account_setting(PutAccountSettingRequest) -> PutAccountSettingResponse = settings::put_setting;
    put_account_setting_default(PutAccountSettingDefaultRequest) -> PutAccountSettingDefaultResponse
        = settings::put_default;
    delete_account_setting(DeleteAccountSettingRequest) -> DeleteAccountSettingResponse = settings::delete;
    list_account_settings(ListAccountSettingsRequest) -> ListAccountSettingsResponse = settings::list;
    describe_services(DescribeServicesRequest) -> DescribeServicesResponse = services::describe;
    list_services(ListServicesRequest) -> ListServicesResponse = services::list;
    list_container_instances(ListContainerInstancesRequest) -> ListContainerInstancesResponse
        = services::list_container_instances;
    describe_container_instances(DescribeContainerInstancesRequest) -> DescribeContainerInstancesResponse
        = services::describe_container_instances;
    list_attributes(ListAttributesRequest) -> ListAttributesResponse = services::list_attributes;
}
