use crate::{Error, Objects};
use bytes::Bytes;

fn objects() -> (Objects, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Objects::local(folder.path()).unwrap(), folder)
}

#[tokio::test]
async fn what_is_put_is_read_back_whole_and_in_ranges() {
    let (objects, _folder) = objects();
    objects.put("videos/a/source", Bytes::from_static(b"0123456789")).await.unwrap();
    assert_eq!(objects.size("videos/a/source").await.unwrap(), Some(10));
    assert_eq!(objects.read("videos/a/source", 2..5).await.unwrap(), "234");
    assert_eq!(objects.read_ranges("videos/a/source", &[8..10, 0..1]).await.unwrap(), ["89", "0"]);
    assert_eq!(objects.read_all("videos/a/source").await.unwrap(), "0123456789");
    assert_eq!(objects.size("videos/a/none").await.unwrap(), None);
    assert!(matches!(objects.read("videos/a/none", 0..1).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn a_file_is_moved_in() {
    let (objects, folder) = objects();
    let file = folder.path().join("upload");
    std::fs::write(&file, "movie").unwrap();
    objects.put_file("videos/b/source", &file).await.unwrap();
    assert!(!file.exists());
    assert_eq!(objects.read_all("videos/b/source").await.unwrap(), "movie");
    let back = folder.path().join("back");
    objects.fetch("videos/b/source", &back).await.unwrap();
    assert_eq!(std::fs::read(back).unwrap(), b"movie");
}

#[tokio::test]
async fn a_folder_goes_with_all_that_is_in_it_and_nothing_else() {
    let (objects, _folder) = objects();
    for path in ["videos/c/source", "videos/c/log/1.m4s", "videos/cc/source"] {
        objects.put(path, Bytes::from_static(b"x")).await.unwrap();
    }
    objects.delete_all("videos/c").await.unwrap();
    assert_eq!(objects.list("videos").await.unwrap(), [("videos/cc/source".to_owned(), 1)]);
    assert!(!objects.local_path("videos/c").unwrap().exists());
    objects.delete_all("videos/c").await.unwrap();
    objects.delete("videos/c/source").await.unwrap();
}

#[tokio::test]
async fn no_path_leaves_the_root() {
    let (objects, _folder) = objects();
    for path in ["../x", "videos/../../x", "a//b", "./a"] {
        assert!(matches!(objects.put(path, Bytes::new()).await, Err(Error::Path(_))), "{path}");
        assert_eq!(objects.local_path(path), None, "{path}");
    }
}

/// On a bucket of an S3 that is there: WEIR_S3_BUCKET, WEIR_S3_ENDPOINT, WEIR_S3_ACCESS_KEY, WEIR_S3_SECRET_KEY
/// (scripts/s3 run sets them).
#[cfg(feature = "s3")]
#[tokio::test]
async fn a_bucket_does_the_same_and_signs_addresses() {
    let Ok(bucket) = std::env::var("WEIR_S3_BUCKET") else { return };
    let var = |name: &str| std::env::var(name).unwrap();
    let config = crate::Config {
        dir: String::new(),
        s3_bucket: bucket,
        s3_endpoint: var("WEIR_S3_ENDPOINT"),
        s3_region: "us-east-1".to_owned(),
        s3_access_key: var("WEIR_S3_ACCESS_KEY"),
        s3_secret_key: var("WEIR_S3_SECRET_KEY"),
        s3_redirect: true,
        s3_timeout_ms: 5000,
    };
    let folder = tempfile::tempdir().unwrap();
    let objects = config.open(folder.path()).unwrap();
    let file = folder.path().join("upload");
    std::fs::write(&file, vec![7; 20 << 20]).unwrap();
    objects.put_file("videos/b/source", &file).await.unwrap();
    assert!(!file.exists());
    assert_eq!(objects.size("videos/b/source").await.unwrap(), Some(20 << 20));
    assert_eq!(objects.read("videos/b/source", (20 << 20) - 2..20 << 20).await.unwrap(), [7, 7].as_slice());
    assert_eq!(objects.read_ranges("videos/b/source", &[0..1, 9..11]).await.unwrap().concat(), [7; 3]);
    objects.fetch("videos/b/source", &folder.path().join("back")).await.unwrap();
    assert_eq!(std::fs::metadata(folder.path().join("back")).unwrap().len(), 20 << 20);
    objects.copy("videos/b/source", "videos/c/source").await.unwrap();
    objects.delete_all("videos/b").await.unwrap();
    assert_eq!(objects.list("videos").await.unwrap(), [("videos/c/source".to_owned(), 20 << 20)]);
    assert!(matches!(objects.read_all("videos/b/source").await, Err(Error::NotFound(_))));
    let address = objects.signed_url("videos/c/source", std::time::Duration::from_secs(60)).await.unwrap();
    assert!(address.contains("videos/c/source") && address.contains("X-Amz-Signature"), "{address}");
    objects.delete("videos/c/source").await.unwrap();
}
