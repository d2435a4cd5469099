//! Notices reach whom they go to, once, with their button; and nobody else.

use axum::body::Body;
use axum::http::StatusCode;
use futures_util::StreamExt;
use tenure::{Carried, Runner, Span, Taken};

use crate::browser::World;

impl World {
    /// Lets a worker do what waits, without a thread of its own.
    fn work(&self) {
        let portal = self.portal.clone();
        let notices = move |effect: &Taken| {
            portal.hub().deliver(effect, portal.directory());
            Ok(Carried::out())
        };
        let runner = Runner::new(self.portal.engine().clone(), "test", Span::minutes(1));
        let runner = runner.handle(|_: &Taken| Ok(Carried::out())).notices(notices).sweeping();
        while runner.turn(self.portal.now()).unwrap().effects() > 0 {}
        runner.turn(self.portal.now()).unwrap();
    }
}

/// The next event of a stream: its id and its data.
async fn event(body: &mut axum::body::BodyDataStream) -> (String, String) {
    let part = body.next().await.unwrap().unwrap();
    let text = String::from_utf8(part.to_vec()).unwrap();
    let line = |name: &str| {
        text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned()
    };
    (line("id:"), line("data:"))
}

async fn hello(body: Body) -> axum::body::BodyDataStream {
    let mut body = body.into_data_stream();
    let (_, data) = event(&mut body).await;
    assert!(data.contains("\"now\":1772452800000"), "the server's time comes first: {data}");
    body
}

#[tokio::test]
async fn a_notice_comes_while_the_page_is_open_and_carries_its_button() {
    let world = World::told();
    world.work();
    let mut maria = world.signed_in("maria").await;
    let mut sam = world.signed_in("sam").await;
    let mut heard = hello(maria.listen(None).await).await;
    world.at(90);
    world.work();
    let (id, data) = event(&mut heard).await;
    assert!(data.contains("\"kind\":\"ending_soon\""), "{data}");
    let notice = maria.get(&format!("/notices/{id}")).await;
    notice.says("Your access “Repair the shop's databases” ends").says("Extend by 30 min");
    maria.follow(&notice.form("/extend")).await.says("Your access goes on");
    world.work();
    let (extended, data) = event(&mut heard).await;
    assert!(data.contains("\"kind\":\"extended\""), "{data}");
    assert_eq!(
        sam.get(&format!("/notices/{id}")).await.status,
        StatusCode::NO_CONTENT,
        "it did not go to him"
    );
    // A page that was away is told what it missed, in order, and no more.
    let mut again = maria.listen(Some(&id)).await.into_data_stream();
    event(&mut again).await;
    assert_eq!(event(&mut again).await.0, extended);
}

#[tokio::test]
async fn approvers_hear_of_requests_and_a_stream_ends_with_its_session() {
    let world = World::told();
    let mut jonas = world.signed_in("jonas").await;
    let mut heard = hello(jonas.listen(None).await).await;
    world.work();
    let mut told = Vec::new();
    for _ in 0..3 {
        let (id, data) = event(&mut heard).await;
        told.push((jonas.get(&format!("/notices/{id}")).await.text, data));
    }
    assert!(told.iter().any(|(text, _)| text.contains("Priya Raman asks for")), "{told:?}");
    let page = jonas.get("/access").await;
    jonas.send(&page.form("/sign-out")).await;
    world.at(90);
    world.work();
    let rest: Vec<_> = heard.collect().await;
    let rest: String =
        rest.into_iter().map(|part| String::from_utf8(part.unwrap().to_vec()).unwrap()).collect();
    assert!(!rest.contains("ending_soon"), "nobody is told who has left: {rest}");
}
