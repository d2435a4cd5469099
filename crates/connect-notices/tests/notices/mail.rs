//! E-mail, as a server gets it.

use std::sync::mpsc::channel;
use std::time::Duration;

use tenure::tenure_core::grant::Enforcement;
use tenure::{Handler, Runner, Span};
use tenure_connect_notices::mail::{Mail, relay_at, relay_in_the_clear};

use crate::house::House;
use crate::sink::Sink;

fn mail(house: &House, port: u16) -> Mail {
    let mailboxes = |to: &str| match to {
        "group:owners" => vec!["bob@example.com".to_owned(), "carol@example.com".to_owned()],
        "user:alice" => vec!["alice@example.com".to_owned()],
        _ => Vec::new(),
    };
    let relay = relay_in_the_clear("127.0.0.1", port);
    Mail::new(relay, "Access <access@iam.example.com>", house.words(), mailboxes).unwrap()
}

#[test]
fn whom_a_notice_is_for_has_it_in_the_mailbox() {
    let (house, sink) = (House::new(), Sink::default());
    let mail = mail(&house, sink.start());
    house.request("prod-db", "INC-7 orders are stuck");
    let wanted = house.notice();
    mail.carry_out(&wanted).unwrap();
    let got = sink.got();
    assert_eq!(
        got.iter().map(|message| message.to.as_str()).collect::<Vec<_>>(),
        ["bob@example.com", "carol@example.com"]
    );
    let first = &got[0];
    assert_eq!(first.header("From"), "Access <access@iam.example.com>");
    assert_eq!(first.header("To"), "bob@example.com");
    assert_eq!(first.header("Date"), "Mon, 02 Mar 2026 09:00:00 +0000");
    assert_eq!(first.header("Auto-Submitted"), "auto-generated");
    assert!(first.header("Subject").starts_with("Approval wanted: Debug production databases, alice"));
    let id = first.header("Message-ID");
    assert!(id.starts_with('<') && id.ends_with("@iam.example.com>"), "{id}");
    assert_ne!(id, got[1].header("Message-ID"));
    assert!(first.body().contains("\r\n> INC-7 orders are stuck\r\n"), "{}", first.body());
    assert!(first.body().contains("https://iam.example.com/grants/"), "{}", first.body());
}

#[test]
fn nobody_writes_a_header_by_a_name_or_a_reason() {
    let (house, sink) = (House::new(), Sink::default());
    let mail = mail(&house, sink.start());
    house.request("prod-db", "INC-7\r\nBcc: reason@evil.example\r\n\r\n.\r\nMAIL FROM:<x@evil.example>\r\n");
    mail.carry_out(&house.notice()).unwrap();
    let got = sink.got();
    assert_eq!(got.len(), 2, "what was written began no message of its own");
    for message in got {
        let names: Vec<_> = message
            .headers()
            .iter()
            .map(|line| line.split(':').next().unwrap().to_ascii_lowercase())
            .collect();
        let known = [
            "from",
            "to",
            "date",
            "message-id",
            "subject",
            "auto-submitted",
            "content-type",
            "content-transfer-encoding",
            "mime-version",
        ];
        assert!(names.iter().all(|name| known.contains(&name.as_str())), "{names:?}");
        // The name of the house's people tries the same.
        assert!(message.header("Subject").contains("Bcc: name@evil.example"));
        assert!(!message.raw.contains('\u{202e}'));
        assert!(message.body().contains("> Bcc: reason@evil.example\r\n"), "{}", message.body());
    }
}

#[test]
fn one_mailbox_that_fails_holds_up_no_other_and_the_retry_is_known_by_its_id() {
    let (house, sink) = (House::new(), Sink::default());
    let runner =
        Runner::new(house.engine.clone(), "mail", Span::minutes(1)).notices(mail(&house, sink.start()));
    house.request("prod-db", "INC-7");
    sink.refuses.lock().unwrap().push(("bob@example.com".to_owned(), 451));
    let turn = runner.turn(house.now()).unwrap();
    assert_eq!((turn.done, turn.failed), (0, 1));
    assert_eq!(sink.got().iter().map(|got| got.to.clone()).collect::<Vec<_>>(), ["carol@example.com"]);
    sink.refuses.lock().unwrap().clear();
    house.later(Span::seconds(5));
    let turn = runner.turn(house.now()).unwrap();
    assert_eq!((turn.done, turn.failed), (1, 0));
    let got = sink.got();
    assert_eq!(
        got.iter().map(|got| got.to.clone()).collect::<Vec<_>>(),
        ["carol@example.com", "bob@example.com"]
    );

    // The same notice from a process that remembers nothing has the same id.
    let (other, again) = (House::new(), Sink::default());
    let runner = Runner::new(house.engine.clone(), "mail", Span::minutes(1));
    drop((other, runner));
    let forgetful = mail(&house, again.start());
    let view = house.engine.list(&tenure::List::default(), house.now()).unwrap().grants.remove(0);
    let bob = crate::house::person("bob");
    house.engine.approve(tenure::Approve::new(&view.id, bob).reason("go"), house.now()).unwrap();
    let active = house.notice();
    forgetful.carry_out(&active).unwrap();
    let before = again.got();
    mail(&house, again.start()).carry_out(&active).unwrap();
    let both = again.got();
    assert_eq!((before.len(), both.len()), (1, 2));
    assert_eq!(both[0].header("Message-ID"), both[1].header("Message-ID"));
}

#[test]
fn where_no_relay_answers_the_notice_stays_and_is_told_later() {
    let (house, sink) = (House::new(), Sink::default());
    let port = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port()
    };
    let down = Runner::new(house.engine.clone(), "mail", Span::minutes(1)).notices(mail(&house, port));
    let grant = house.request("prod-db", "INC-7");
    let turn = down.turn(house.now()).unwrap();
    assert_eq!((turn.done, turn.failed), (0, 1));
    let up = Runner::new(house.engine.clone(), "mail", Span::minutes(1)).notices(mail(&house, sink.start()));
    assert_eq!(up.turn(house.now()).unwrap().done, 0, "it pauses first");
    house.later(Span::seconds(5));
    assert_eq!(up.turn(house.now()).unwrap().done, 1);
    assert_eq!(sink.got().len(), 2);
    let view = house.engine.look(&grant.id, house.now()).unwrap().unwrap();
    assert_eq!(view.enforcement, Enforcement::None);
}

#[test]
fn a_mailbox_that_there_is_not_makes_no_other_wait() {
    let (house, sink) = (House::new(), Sink::default());
    let runner =
        Runner::new(house.engine.clone(), "mail", Span::minutes(1)).notices(mail(&house, sink.start()));
    house.request("prod-db", "INC-7");
    let refuses = [("bob@example.com".to_owned(), 550), ("carol@example.com".to_owned(), 451)];
    sink.refuses.lock().unwrap().extend(refuses);
    assert_eq!(runner.turn(house.now()).unwrap().failed, 1);
    sink.refuses.lock().unwrap().pop();
    house.later(Span::seconds(5));
    runner.turn(house.now()).unwrap();
    assert_eq!(sink.got().iter().map(|got| got.to.as_str()).collect::<Vec<_>>(), ["carol@example.com"]);
}

#[test]
fn a_relay_that_says_nothing_is_given_up_long_before_a_lease_is_over() {
    let house = House::new();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = relay_at(&format!("smtp://{}", silent.local_addr().unwrap())).unwrap();
    let only = |to: &str| (to == "group:owners").then(|| "bob@example.com".to_owned()).into_iter().collect();
    let mail = Mail::new(relay, "access@iam.example.com", house.words(), only).unwrap();
    house.request("prod-db", "INC-7");
    let (notice, (told, given_up)) = (house.notice(), channel());
    std::thread::spawn(move || told.send(mail.carry_out(&notice)));
    given_up.recv_timeout(Duration::from_secs(30)).unwrap().unwrap_err();
}
