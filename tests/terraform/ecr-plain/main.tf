# One repository that must be empty to be destroyed.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  skip_metadata_api_check = true
}

resource "aws_ecr_repository" "plain" {
  name = "tf-plain"
}
