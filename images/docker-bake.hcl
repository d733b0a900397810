# docker buildx bake --file images/docker-bake.hcl
# For both architectures, and into a registry:
#   PREFIX=registry.example.com/team/ docker buildx bake --file images/docker-bake.hcl --set '*.platform=linux/amd64,linux/arm64' --push
variable "PREFIX" { default = "" }
variable "VERSION" { default = "0.1.0" }
variable "REVISION" { default = "" }
variable "NODE_IMAGE" { default = null }
variable "NGINX_IMAGE" { default = null }
variable "SOURCE_DATE_EPOCH" { default = null }

group "default" { targets = ["hotroute", "hotroute-nginx"] }

target "common" {
  context = "."
  args = {
    NODE_IMAGE        = NODE_IMAGE
    VERSION           = VERSION
    REVISION          = REVISION
    SOURCE_DATE_EPOCH = SOURCE_DATE_EPOCH
  }
}

target "hotroute" {
  inherits   = ["common"]
  dockerfile = "images/hotroute.Dockerfile"
  tags       = ["${PREFIX}hotroute:${VERSION}"]
}

target "hotroute-nginx" {
  inherits   = ["common"]
  dockerfile = "images/hotroute-nginx.Dockerfile"
  args       = { NGINX_IMAGE = NGINX_IMAGE }
  tags       = ["${PREFIX}hotroute-nginx:${VERSION}"]
}
