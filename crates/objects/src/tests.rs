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
