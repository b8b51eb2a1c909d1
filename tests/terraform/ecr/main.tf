# Every aws_ecr_* resource and data source. `stage` 1 makes them, 2 changes what can be changed in place.

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

variable "role" {
  type = string
}

locals {
  later   = var.stage > 1
  account = data.aws_caller_identity.me.account_id
  region  = data.aws_region.here.name
}

data "aws_caller_identity" "me" {}
data "aws_region" "here" {}

resource "aws_ecr_repository" "plain" {
  name = "tf/plain"
}

resource "aws_ecr_repository" "whole" {
  name                 = "tf/whole"
  image_tag_mutability = local.later ? "MUTABLE" : "IMMUTABLE"
  force_delete         = true

  image_scanning_configuration {
    scan_on_push = !local.later
  }
  tags = local.later ? { team = "b", stage = "2" } : { team = "a", gone = "soon" }
}

resource "aws_ecr_repository" "kms" {
  name                 = "tf/kms"
  image_tag_mutability = "IMMUTABLE"

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = "arn:aws:kms:${local.region}:${local.account}:key/01234567-89ab-cdef-0123-456789abcdef"
  }
}

resource "aws_ecr_repository" "kms_default" {
  name = "tf/kms-default"

  encryption_configuration {
    encryption_type = "KMS"
  }
}

resource "aws_ecr_repository_policy" "plain" {
  repository = aws_ecr_repository.plain.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Readers"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:root" }
      Action    = local.later ? ["ecr:BatchGetImage"] : ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    }]
  })
}

data "aws_ecr_lifecycle_policy_document" "keep" {
  rule {
    priority    = 1
    description = "Untagged images go."
    selection {
      tag_status   = "untagged"
      count_type   = "sinceImagePushed"
      count_unit   = "days"
      count_number = local.later ? 3 : 7
    }
  }
  rule {
    priority = 2
    selection {
      tag_status      = "tagged"
      tag_prefix_list = ["dev"]
      count_type      = "imageCountMoreThan"
      count_number    = 5
    }
    action {
      type = "expire"
    }
  }
}

resource "aws_ecr_lifecycle_policy" "plain" {
  repository = aws_ecr_repository.plain.name
  policy     = data.aws_ecr_lifecycle_policy_document.keep.json
}

resource "aws_ecr_registry_policy" "registry" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Replicas"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:root" }
      Action    = local.later ? ["ecr:ReplicateImage", "ecr:CreateRepository"] : ["ecr:ReplicateImage"]
      Resource  = ["arn:aws:ecr:${local.region}:${local.account}:repository/*"]
    }]
  })
}

resource "aws_ecr_registry_scanning_configuration" "registry" {
  scan_type = local.later ? "ENHANCED" : "BASIC"

  rule {
    scan_frequency = "SCAN_ON_PUSH"
    repository_filter {
      filter      = "tf/*"
      filter_type = "WILDCARD"
    }
  }
  dynamic "rule" {
    for_each = local.later ? ["prod/*"] : []
    content {
      scan_frequency = "CONTINUOUS_SCAN"
      repository_filter {
        filter      = rule.value
        filter_type = "WILDCARD"
      }
    }
  }
}

resource "aws_ecr_replication_configuration" "registry" {
  replication_configuration {
    rule {
      destination {
        region      = local.later ? "eu-west-1" : "us-west-2"
        registry_id = local.account
      }
      repository_filter {
        filter      = "tf-replicated/"
        filter_type = "PREFIX_MATCH"
      }
    }
    dynamic "rule" {
      for_each = local.later ? ["ap-south-1"] : []
      content {
        destination {
          region      = rule.value
          registry_id = local.account
        }
      }
    }
  }
}

resource "aws_ecr_repository_creation_template" "prod" {
  prefix               = "tf-made"
  description          = local.later ? "changed" : "made by Terraform"
  image_tag_mutability = local.later ? "MUTABLE" : "IMMUTABLE"
  custom_role_arn      = var.role
  applied_for          = local.later ? ["PULL_THROUGH_CACHE", "REPLICATION"] : ["PULL_THROUGH_CACHE"]
  resource_tags        = { team = local.later ? "b" : "a" }

  encryption_configuration {
    encryption_type = "AES256"
  }
  repository_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Readers"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:root" }
      Action    = ["ecr:BatchGetImage"]
    }]
  })
  lifecycle_policy = data.aws_ecr_lifecycle_policy_document.keep.json
}

resource "aws_ecr_repository_creation_template" "root" {
  prefix      = "ROOT"
  applied_for = ["REPLICATION"]
}

resource "aws_ecr_account_setting" "scan" {
  name  = "BASIC_SCAN_TYPE_VERSION"
  value = "AWS_NATIVE"
}

resource "aws_ecr_account_setting" "scope" {
  name  = "REGISTRY_POLICY_SCOPE"
  value = local.later ? "V2" : "V1"
}

resource "aws_ecr_pull_through_cache_rule" "public" {
  ecr_repository_prefix = "tf-public"
  upstream_registry_url = "public.ecr.aws"
}

resource "aws_secretsmanager_secret" "hub" {
  for_each                = toset(["one", "two"])
  name                    = "ecr-pullthroughcache/tf-${each.key}"
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "hub" {
  for_each      = aws_secretsmanager_secret.hub
  secret_id     = each.value.id
  secret_string = jsonencode({ username = "u", accessToken = "t" })
}

resource "aws_ecr_pull_through_cache_rule" "hub" {
  ecr_repository_prefix = "tf-hub"
  upstream_registry_url = "registry-1.docker.io"
  credential_arn        = aws_secretsmanager_secret.hub[local.later ? "two" : "one"].arn
  depends_on            = [aws_secretsmanager_secret_version.hub]
}

data "aws_ecr_pull_through_cache_rule" "hub" {
  ecr_repository_prefix = aws_ecr_pull_through_cache_rule.hub.ecr_repository_prefix
}

data "aws_ecr_repository" "whole" {
  name       = aws_ecr_repository.whole.name
  depends_on = [aws_ecr_repository.whole]
}

data "aws_ecr_repositories" "all" {
  depends_on = [aws_ecr_repository.whole, aws_ecr_repository.plain, aws_ecr_repository.kms]
}

data "aws_ecr_authorization_token" "token" {
  registry_id = local.account

  # Not an output: each read gives a new one, and a plan would never be empty.
  lifecycle {
    postcondition {
      condition     = self.user_name == "AWS" && base64decode(self.authorization_token) == "AWS:${self.password}"
      error_message = "The token is not the base64 of AWS and the password."
    }
  }
}

data "aws_ecr_repository_creation_template" "prod" {
  prefix = aws_ecr_repository_creation_template.prod.prefix
}

output "whole" {
  value = {
    arn        = aws_ecr_repository.whole.arn
    url        = aws_ecr_repository.whole.repository_url
    registry   = aws_ecr_repository.whole.registry_id
    tags       = data.aws_ecr_repository.whole.tags
    mutability = data.aws_ecr_repository.whole.image_tag_mutability
    scanning   = data.aws_ecr_repository.whole.image_scanning_configuration[0].scan_on_push
  }
}

output "repositories" {
  value = data.aws_ecr_repositories.all.names
}

output "kms_key" {
  value = aws_ecr_repository.kms_default.encryption_configuration[0].kms_key
}

output "cache_rule" {
  value = data.aws_ecr_pull_through_cache_rule.hub
}

output "template" {
  value = {
    description = data.aws_ecr_repository_creation_template.prod.description
    tags        = data.aws_ecr_repository_creation_template.prod.resource_tags
    applied_for = data.aws_ecr_repository_creation_template.prod.applied_for
  }
}
