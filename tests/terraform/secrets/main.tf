# A secret, its versions and policy, and a cache rule that uses it. `stage` 1 makes them, 2 changes them.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

# Endpoint, region and credentials come from the environment that `gantry env` gives.
provider "aws" {
  skip_metadata_api_check = true
}

variable "stage" {
  type    = number
  default = 1
}

locals {
  later = var.stage > 1
}

data "aws_caller_identity" "me" {}

resource "aws_secretsmanager_secret" "hub" {
  name                    = "ecr-pullthroughcache/tf-hub"
  description             = local.later ? "changed" : "made by Terraform"
  recovery_window_in_days = 0
  tags                    = { stage = tostring(var.stage) }
}

resource "aws_secretsmanager_secret_version" "hub" {
  secret_id     = aws_secretsmanager_secret.hub.id
  secret_string = jsonencode({ username = "me", accessToken = "token-${var.stage}" })
}

resource "aws_secretsmanager_secret_policy" "hub" {
  secret_arn = aws_secretsmanager_secret.hub.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = data.aws_caller_identity.me.arn }
      Action    = "secretsmanager:GetSecretValue"
      Resource  = "*"
    }]
  })
}

resource "aws_ecr_pull_through_cache_rule" "hub" {
  ecr_repository_prefix = "tf-hub"
  upstream_registry_url = "registry-1.docker.io"
  credential_arn        = aws_secretsmanager_secret_version.hub.arn
}

resource "aws_ecr_pull_through_cache_rule" "public" {
  ecr_repository_prefix = "tf-public"
  upstream_registry_url = "public.ecr.aws"
}

data "aws_secretsmanager_secret_version" "hub" {
  secret_id  = aws_secretsmanager_secret.hub.id
  depends_on = [aws_secretsmanager_secret_version.hub]
}

output "arn" {
  value = aws_secretsmanager_secret.hub.arn
}

output "value" {
  value     = data.aws_secretsmanager_secret_version.hub.secret_string
  sensitive = true
}
