# The data sources of images: they need something pushed first.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  skip_metadata_api_check = true
}

variable "repository" {
  type = string
}

data "aws_ecr_image" "by_tag" {
  repository_name = var.repository
  image_tag       = "v1"
}

data "aws_ecr_image" "by_digest" {
  repository_name = var.repository
  image_digest    = data.aws_ecr_image.by_tag.image_digest
}

data "aws_ecr_image" "newest" {
  repository_name = var.repository
  most_recent     = true
}

output "by_tag" {
  value = data.aws_ecr_image.by_tag
}

output "by_digest" {
  value = data.aws_ecr_image.by_digest
}

output "newest" {
  value = data.aws_ecr_image.newest
}
