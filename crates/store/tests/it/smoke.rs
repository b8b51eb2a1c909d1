use gantry_store::{Embedded, KeyRange};

#[tokio::test]
async fn a_write_is_read_and_watched() {
    let store = Embedded::in_memory();
    let mut live = store.watch(KeyRange::prefix("/a/"), 0).await.unwrap();
    let revision = store.put("/a/1", "one").await.unwrap();
    assert_eq!(revision, 2);
    assert_eq!(&store.get("/a/1").await.unwrap().unwrap().value[..], b"one");
    assert_eq!(live.next().await.unwrap().unwrap().revision, 2);
    store.delete("/a/1").await.unwrap();
    let mut past = store.watch(KeyRange::prefix("/a/"), 2).await.unwrap();
    assert_eq!(past.try_next().unwrap().unwrap().revision, 2);
    assert_eq!(past.try_next().unwrap().unwrap().revision, 3);
    drop(store);
    assert!(past.next().await.is_none());
}
