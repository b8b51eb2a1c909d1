//! Image manifests in the form that a client of BatchGetImage takes: docker's schema 2 as OCI's, and back.
//!
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-manifest-formats.html>, "Amazon ECR image
//! manifest conversion". The bytes become others, so that this is for images named by a tag; the image
//! keeps the digest that it was pushed with.

use gantry_registry::MediaType;
use serde_json::Value;

/// Docker's names and OCI's, of a configuration and of layers.
const NAMES: &[(&str, &str)] = &[
    ("application/vnd.docker.container.image.v1+json", "application/vnd.oci.image.config.v1+json"),
    ("application/vnd.docker.image.rootfs.diff.tar.gzip", "application/vnd.oci.image.layer.v1.tar+gzip"),
    ("application/vnd.docker.image.rootfs.diff.tar", "application/vnd.oci.image.layer.v1.tar"),
    (
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    ),
];
/// What docker's form has no place for.
const OCI_ONLY: &[&str] = &["subject", "artifactType"];

/// The manifest in the first accepted form that it can be turned into, with that form's name. `None` for
/// indexes, whose children would have other digests, and for what is more than an image.
pub(crate) fn translated(manifest: &str, media_type: &str, accepted: &[String]) -> Option<(&'static str, String)> {
    let to_oci = match MediaType::from_name(media_type)? {
        MediaType::DockerImage => true,
        MediaType::OciImage => false,
        MediaType::DockerList | MediaType::OciIndex => return None,
    };
    let form = if to_oci { MediaType::OciImage } else { MediaType::DockerImage };
    if !accepted.iter().any(|a| MediaType::from_name(a) == Some(form)) {
        return None;
    }
    let mut document: Value = serde_json::from_str(manifest).ok()?;
    let fields = document.as_object_mut()?;
    if !to_oci && OCI_ONLY.iter().any(|field| fields.contains_key(*field)) {
        return None;
    }
    rename(fields.get_mut("config")?, to_oci)?;
    for layer in fields.get_mut("layers")?.as_array_mut()? {
        rename(layer, to_oci)?;
    }
    if !to_oci {
        fields.remove("annotations");
    }
    fields.insert("mediaType".to_owned(), form.as_str().into());
    Some((form.as_str(), document.to_string()))
}

fn rename(descriptor: &mut Value, to_oci: bool) -> Option<()> {
    let name = descriptor["mediaType"].as_str()?;
    let (_, new) = NAMES.iter().map(|(d, o)| if to_oci { (d, o) } else { (o, d) }).find(|(old, _)| **old == name)?;
    descriptor["mediaType"] = (*new).into();
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(form: MediaType, config: &str, layer: &str, more: &str) -> String {
        format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","config":{{"mediaType":"{config}","digest":"sha256:c","size":1}},"layers":[{{"mediaType":"{layer}","digest":"sha256:l","size":2}}]{more}}}"#,
            form.as_str()
        )
    }

    #[test]
    fn one_form_becomes_the_other_and_back() {
        let (docker, oci) = (NAMES[0].0, NAMES[0].1);
        let accepts = |form: MediaType| vec!["text/plain".to_owned(), form.as_str().to_owned()];
        for (docker_layer, oci_layer) in &NAMES[1..] {
            let pushed = manifest(MediaType::DockerImage, docker, docker_layer, "");
            let wanted = manifest(MediaType::OciImage, oci, oci_layer, "");
            let (form, there) =
                translated(&pushed, MediaType::DockerImage.as_str(), &accepts(MediaType::OciImage)).unwrap();
            assert_eq!(form, MediaType::OciImage.as_str());
            let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            assert_eq!(read(&there), read(&wanted));
            let (form, back) = translated(&there, form, &accepts(MediaType::DockerImage)).unwrap();
            assert_eq!((form, read(&back)), (MediaType::DockerImage.as_str(), read(&pushed)));
        }
        let oci_image = |layer: &str, more: &str| manifest(MediaType::OciImage, oci, layer, more);
        let to_docker = accepts(MediaType::DockerImage);
        let name = MediaType::OciImage.as_str();
        let layer = NAMES[1].1;
        assert!(translated(&oci_image(layer, r#","annotations":{"a":"b"}"#), name, &to_docker).is_some());
        for more in [r#","subject":{}"#, r#","artifactType":"a/b""#] {
            assert!(translated(&oci_image(layer, more), name, &to_docker).is_none(), "{more}");
        }
        assert!(translated(&oci_image("application/vnd.oci.image.layer.v1.tar+zstd", ""), name, &to_docker).is_none());
        assert!(translated(&oci_image(layer, ""), name, &["text/plain".to_owned()]).is_none());
        assert!(translated("{", name, &to_docker).is_none());
        assert!(translated("{}", MediaType::OciIndex.as_str(), &to_docker).is_none());
    }
}
