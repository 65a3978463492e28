//! What is shown and what is not: rules, held, retracted and fused stories, as readers and operators see it.

use std::time::Duration;

use langbao::admin::{Amended, Amendment, Deed, HeldList, Reply, Request};
use langbao::core::model::{Roster, StoryNo};
use langbao::core::standing;
use langbao::daemon::owner::Owner;

use crate::support::house::{Daemon, House};
use crate::support::origin::{Answer, Origin};

const DAY: Duration = Duration::from_secs(24 * 3600);
const PATIENCE: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(5);

/// `(id, title, text)`
type News = (&'static str, &'static str, &'static str);

const POTTERY: News = (
    "gom",
    "Huế khôi phục lò gốm cổ bên sông Ô Lâu",
    "Lò gốm đỏ lửa trở lại sau mười năm theo Quyết định số 1881/QĐ-TTg của Thủ tướng.",
);
const ADVERT: News = (
    "qc",
    "QUẢNG CÁO: Bán đất nền ven biển giá rẻ",
    "Liên hệ ngay hôm nay để nhận ưu đãi lớn nhất trong năm nay nhé.",
);
const TEA: News = (
    "che",
    "Thái Nguyên mở hội chợ chè vụ xuân",
    "Ba mươi hợp tác xã mang chè búp non tới hội chợ đầu mùa.",
);

fn rss(host: &str, items: &[News]) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|(id, title, text)| {
            format!(
                "<item><guid isPermaLink=\"false\">{id}</guid><title>{title}</title>\
                 <link>https://{host}/{id}.html</link><description>{text}</description>\
                 <pubDate>Sun, 22 Nov 2026 06:00:00 GMT</pubDate></item>"
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Báo {host}</title>\
         <link>https://{host}/</link><description>x</description>{}</channel></rss>",
        items.join("")
    )
}

struct Town {
    origin: Origin,
    house: House,
    daemon: Daemon,
}

impl Town {
    /// Source `a` lists all three, source `b` nothing yet.
    async fn open(rules: &str) -> Town {
        let origin = Origin::start().await;
        origin.say(
            "/a",
            Answer::feed(rss("a.example.vn", &[POTTERY, ADVERT, TEA])),
        );
        origin.say("/b", Answer::feed(rss("b.example.vn", &[])));
        let house = House::new();
        house.configure(&sources(&origin, rules));
        let daemon = house.open().await;
        daemon.first_polls(&["a", "b"]).await;
        Town {
            origin,
            house,
            daemon,
        }
    }

    async fn restart(self) -> Town {
        let Town {
            origin,
            house,
            daemon,
        } = self;
        daemon.stop().await;
        let daemon = house.open().await;
        Town {
            origin,
            house,
            daemon,
        }
    }

    /// Asks for other rules, and waits until what is stored is judged by them.
    async fn rules(&self, rules: &str, request: Request) -> Vec<Reply> {
        self.house.configure(&sources(&self.origin, rules));
        let replies = self.daemon.ask(request).await;
        self.judged().await;
        replies
    }

    async fn judged(&self) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let status = self.daemon.status().await;
            let recompute = &status["recompute"];
            if recompute["done"] == recompute["total"] {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "{status}");
            tokio::time::sleep(TICK).await;
        }
    }

    async fn titles(&self, path: &str) -> Vec<String> {
        let mut titles = self.daemon.get(path).await.titles();
        titles.sort();
        titles
    }

    /// Ids that the feed at `path` tells to have left it.
    async fn left(&self, path: &str) -> Vec<String> {
        let answered = self.daemon.get(path).await;
        assert_eq!(answered.status, 200, "{}", answered.text());
        answered
            .text()
            .split("<at:deleted-entry ref=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .map(str::to_owned)
            .collect()
    }

    async fn id(&self, title: &str) -> String {
        let entries = self.daemon.get("/feed.atom").await.feed().entries;
        let is_it = |entry: &&feed_rs::model::Entry| {
            entry
                .title
                .as_ref()
                .is_some_and(|found| found.content == title)
        };
        let found = entries.iter().find(is_it);
        found.unwrap_or_else(|| panic!("no {title}")).id.clone()
    }

    async fn amend(&self, story: &str, deed: Deed) -> Result<Amended, String> {
        let asked = Amendment {
            story: story.to_owned(),
            deed,
        };
        match self.daemon.ask(Request::Amend(asked)).await.remove(0) {
            Reply::Amended(amended) => Ok(amended),
            Reply::Refused { errors } => Err(errors.join("; ")),
            other => panic!("{other:?}"),
        }
    }

    async fn held(&self) -> HeldList {
        match self.daemon.ask(Request::Held).await.remove(0) {
            Reply::Held(list) => list,
            other => panic!("{other:?}"),
        }
    }
}

fn sources(origin: &Origin, rules: &str) -> String {
    let source = |id: &str| {
        let url = origin.url(&format!("/{id}"));
        format!("[[source]]\nid = \"{id}\"\nurl = \"{url}\"\n")
    };
    format!("{}{}{rules}", source("a"), source("b"))
}

fn rule(conditions: &str, action: &str) -> String {
    format!("[[rule]]\nmatch = {{ {conditions} }}\naction = \"{action}\"\n")
}

fn slug(id: &str) -> &str {
    id.rsplit(':').next().expect("an id")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retracted_story_leaves_a_tombstone_and_stays_away_until_it_is_brought_back() {
    let town = Town::open("").await;
    let id = town.id(POTTERY.1).await;
    let feeds = [
        "/feed.atom",
        "/provinces/hue.atom",
        "/documents/1881-qd-ttg.atom",
        "/sources/a.atom",
        "/feed.atom?province=hue&source=a",
    ];
    for feed in feeds {
        assert!(
            town.titles(feed).await.contains(&POTTERY.1.to_owned()),
            "{feed}"
        );
    }
    let page = format!("/stories/{}", slug(&id));
    assert_eq!(town.daemon.get(&page).await.status, 200);

    let done = town
        .amend("https://a.example.vn/gom.html?utm_source=x", Deed::Retract)
        .await;
    assert_eq!(done.expect("it is shown").story, slug(&id));
    let check_gone = async |town: &Town| {
        for feed in feeds {
            assert!(
                !town.titles(feed).await.contains(&POTTERY.1.to_owned()),
                "{feed}"
            );
            assert_eq!(town.left(feed).await, [id.as_str()], "{feed}");
        }
        assert_eq!(town.left("/provinces/thai-nguyen.atom").await, [""; 0]);
        let rss = town.daemon.get("/feed.rss").await;
        assert!(!rss.text().contains("deleted") && !rss.text().contains(POTTERY.1));
        assert_eq!(town.daemon.get(&page).await.status, 410);
        assert_eq!(town.daemon.status().await["stories"], 2);
    };
    check_gone(&town).await;

    // Its source still lists it, and another prints the same words.
    town.origin
        .say("/b", Answer::feed(rss("b.example.vn", &[POTTERY])));
    town.daemon.poll_one("a").await;
    assert_eq!(town.daemon.poll_one("b").await.copies, 1);
    let town = town.restart().await;
    check_gone(&town).await;
    let twice = town.amend(&id, Deed::Retract).await;
    assert!(
        twice
            .expect_err("it is down")
            .contains("it is retracted since")
    );

    town.house.clock.advance(DAY);
    let back = town.amend(slug(&id), Deed::UndoRetract).await;
    assert_eq!(back.expect("it is not too late").title, POTTERY.1);
    assert_eq!(town.id(POTTERY.1).await, id);
    // By this a reader that heeded the tombstone takes it again.
    let feed = town.daemon.get("/feed.atom").await.feed();
    let back = feed.entries.iter().find(|entry| entry.id == id);
    let updated = back.and_then(|entry| entry.updated).expect("a date");
    assert_eq!(updated.to_rfc3339(), "2026-11-23T08:00:00+00:00");
    for feed in feeds {
        assert!(
            town.titles(feed).await.contains(&POTTERY.1.to_owned()),
            "{feed}"
        );
        assert_eq!(town.left(feed).await, [""; 0], "{feed}");
    }
    assert!(
        town.titles("/sources/b.atom")
            .await
            .contains(&POTTERY.1.to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retracted_text_comes_back_neither_restored_nor_under_another_id() {
    let town = Town::open("").await;
    town.origin
        .say("/b", Answer::feed(rss("b.example.vn", &[POTTERY])));
    assert_eq!(town.daemon.poll_one("b").await.copies, 1);
    let id = town.id(POTTERY.1).await;
    town.amend(&id, Deed::Retract).await.expect("it is shown");
    town.house.clock.advance(Duration::from_secs(3600));

    let edited = (POTTERY.0, TEA.1, TEA.2);
    let renamed = ("gom-2", POTTERY.1, POTTERY.2);
    for listed in [edited, POTTERY, renamed] {
        let answer = rss("b.example.vn", &[listed]);
        town.origin.say("/b", Answer::feed(answer));
        town.daemon.poll_one("b").await;
        assert_eq!(town.titles("/feed.atom").await.len(), 2, "{listed:?}");
        assert_eq!(town.titles("/sources/b.atom").await, [""; 0], "{listed:?}");
    }
    // Only of what was shown is it told that it left.
    assert_eq!(town.left("/feed.atom").await, [id.as_str()]);
    assert_eq!(town.left("/sources/b.atom").await, [id.as_str()]);
    let town = town.restart().await;
    assert_eq!(town.titles("/feed.atom").await.len(), 2);
    assert_eq!(town.left("/feed.atom").await, [id.as_str()]);
}

/// What is not shown is in no order of a feed, and yet must be met by those that copy it in words of their own.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_what_is_not_shown_stays_away_after_a_restart_too() {
    let town = Town::open("").await;
    let id = town.id(POTTERY.1).await;
    town.amend(&id, Deed::Retract).await.expect("it is shown");
    let town = town.restart().await;
    let copy = (
        "gom-lai",
        POTTERY.1,
        "TTXVN - Lò gốm đỏ lửa trở lại sau mười năm, theo Quyết định số 1881/QĐ-TTg của Thủ tướng. Xem thêm",
    );
    town.origin
        .say("/b", Answer::feed(rss("b.example.vn", &[copy])));
    assert_eq!(town.daemon.poll_one("b").await.copies, 1);
    assert_eq!(town.titles("/feed.atom").await.len(), 2);
    assert_eq!(town.titles("/sources/b.atom").await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_thirty_days_a_retraction_is_final_and_told_no_more() {
    let town = Town::open("").await;
    let id = town.id(TEA.1).await;
    town.amend(&id, Deed::Retract).await.expect("it is shown");
    town.house.clock.advance(DAY * 31);
    let town = town.restart().await;
    assert_eq!(town.left("/feed.atom").await, [""; 0]);
    let late = town.amend(&id, Deed::UndoRetract).await;
    assert!(late.expect_err("it is too late").contains("30 days"));
    assert!(!town.titles("/feed.atom").await.contains(&TEA.1.to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_rule_hides_what_is_stored_and_gives_it_back_under_its_id() {
    let town = Town::open("").await;
    let id = town.id(ADVERT.1).await;
    let drop = rule("title = \"quảng cáo\"", "drop");
    // One of three is more than 5 %.
    let refused = town.rules(&drop, Request::Reload).await;
    let [Reply::Refused { errors }] = refused.as_slice() else {
        panic!("{refused:?}");
    };
    assert!(
        errors[0].contains("newly hide 1 of 3") && errors[0].contains("--yes"),
        "{errors:?}"
    );
    assert!(
        errors[1].contains("touches 1 stored stories, newly hides 1"),
        "{errors:?}"
    );
    let status = town.daemon.status().await;
    assert!(
        status["config_errors"][0]
            .as_str()
            .expect("told")
            .contains("newly hide")
    );
    assert_eq!(town.titles("/feed.atom").await.len(), 3);

    town.rules(&drop, Request::ReloadYes).await;
    assert_eq!(town.titles("/feed.atom").await.len(), 2);
    assert_eq!(town.left("/feed.atom").await, [id.as_str()]);
    assert_eq!(town.left("/sources/a.atom").await, [id.as_str()]);
    let status = town.daemon.status().await;
    assert_eq!(status["config_errors"].as_array(), None);
    assert_eq!(
        (
            &status["stories"],
            &status["articles"],
            &status["rules"][0]["fired"]
        ),
        (&2.into(), &3.into(), &1.into())
    );
    let metrics = town.daemon.get("/metrics").await;
    let fired = "langbao_rule_firings_total{rule=\"1\",action=\"drop\"} 1";
    assert!(metrics.text().contains(fired), "{}", metrics.text());
    let page = town.daemon.get(&format!("/stories/{}", slug(&id))).await;
    assert_eq!(page.status, 404);
    let status = town.daemon.get("/status").await;
    let row = "<td>1</td><td>drop by title</td><td>1</td>";
    assert!(status.text().contains(row), "{}", status.text());

    let town = town.restart().await;
    assert_eq!(town.left("/feed.atom").await, [id.as_str()]);
    let told = town.rules("", Request::Reload).await;
    let [Reply::Reloaded { summary, .. }, ..] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(summary[0], "changed: [[rule]]");
    assert_eq!(town.id(ADVERT.1).await, id);
    assert_eq!(town.left("/feed.atom").await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_counted_by_what_it_says_over_restarts_and_other_rules() {
    let tea = rule("text = \"hợp tác xã\"", "tag") + "tag = \"topic:lang-nghe\"\n";
    let pottery = rule("title = \"lò gốm\"", "tag") + "tag = \"topic:lang-nghe\"\n";
    let never = rule("title = \"không ai viết\"", "drop");
    let fired = async |town: &Town| {
        let status = town.daemon.status().await;
        let rules = status["rules"].as_array().expect("rules").clone();
        rules
            .iter()
            .map(|rule| rule["fired"].as_u64().expect("a count"))
            .collect::<Vec<u64>>()
    };
    let town = Town::open(&format!("{tea}{never}")).await;
    assert_eq!(fired(&town).await, [1, 0]);
    let town = town.restart().await;
    assert_eq!(fired(&town).await, [1, 0]);

    // What was there before a rule is counted when it is judged by it, once, and by nothing else.
    town.rules(&format!("{pottery}{never}{tea}"), Request::Reload)
        .await;
    assert_eq!(fired(&town).await, [1, 0, 1]);
    town.rules(&format!("{tea}{pottery}"), Request::Reload)
        .await;
    assert_eq!(fired(&town).await, [1, 1]);
    let more = (
        "che2",
        "Thái Nguyên mở thêm hội chợ cuối năm",
        "Năm mươi hợp tác xã mang hàng tới chợ phiên vùng cao.",
    );
    town.origin
        .say("/b", Answer::feed(rss("b.example.vn", &[more])));
    town.daemon.poll_one("b").await;
    let town = town.restart().await;
    assert_eq!(fired(&town).await, [2, 1]);
    let metrics = town.daemon.get("/metrics").await;
    for line in [
        "langbao_rule_firings_total{rule=\"1\",action=\"tag\"} 2",
        "langbao_rule_firings_total{rule=\"2\",action=\"tag\"} 1",
    ] {
        assert!(metrics.text().contains(line), "{}", metrics.text());
    }
    town.rules("", Request::Reload).await;
    town.rules(&tea, Request::Reload).await;
    assert_eq!(fired(&town).await, [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_left_one_part_of_a_combination_left_the_combination() {
    // Of two copies one says where, and both say what it is about.
    const COPY: News = (
        "gom",
        "Khôi phục lò gốm cổ bên sông Ô Lâu ở Huế",
        "Lò gốm đỏ lửa trở lại sau mười năm theo Quyết định số 1881/QĐ-TTg của Thủ tướng.",
    );
    let town = Town::open("").await;
    town.origin
        .say("/b", Answer::feed(rss("b.example.vn", &[COPY])));
    assert_eq!(town.daemon.poll_one("b").await.copies, 1);
    let id = town.id(POTTERY.1).await;
    let both = "/feed.atom?source=b&document=1881-qd-ttg";
    let either = "/feed.atom?source=b&source=a&document=1881-qd-ttg";
    assert_eq!(town.titles(both).await.len(), 1);

    let drop = rule("source = \"b\"", "drop");
    town.rules(&drop, Request::ReloadYes).await;
    assert_eq!(town.titles(both).await, [""; 0]);
    assert_eq!(town.left(both).await, [id.as_str()]);
    assert_eq!(town.left("/sources/b.atom").await, [id.as_str()]);
    // It is still there, by its other copy.
    for feed in [either, "/feed.atom", "/documents/1881-qd-ttg.atom"] {
        assert_eq!(town.left(feed).await, [""; 0], "{feed}");
        assert!(town.titles(feed).await.contains(&POTTERY.1.to_owned()));
    }
    // What never was in it has not left it.
    assert_eq!(
        town.left("/feed.atom?source=b&province=thai-nguyen").await,
        [""; 0]
    );
    town.amend(&id, Deed::Retract).await.expect("it is shown");
    for feed in [either, both, "/feed.atom?source=a&province=hue"] {
        assert_eq!(town.left(feed).await, [id.as_str()], "{feed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_acts_on_what_it_matches_and_never_on_another_source_s_copy() {
    let drop = rule("title = \"quảng cáo\", source = \"a\"", "drop");
    let town = Town::open(&drop).await;
    assert_eq!(town.titles("/feed.atom").await.len(), 2);
    // Nobody was shown it: nobody is told that it left.
    assert_eq!(town.left("/feed.atom").await, [""; 0]);
    town.origin
        .say("/b", Answer::feed(rss("b.example.vn", &[ADVERT])));
    assert_eq!(town.daemon.poll_one("b").await.copies, 1);
    let feed = town.daemon.get("/feed.atom").await;
    assert!(feed.text().contains(ADVERT.1) && !feed.text().contains("a.example.vn/qc.html"));
    assert!(
        !town
            .titles("/sources/a.atom")
            .await
            .contains(&ADVERT.1.to_owned())
    );
    assert!(
        town.titles("/sources/b.atom")
            .await
            .contains(&ADVERT.1.to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_waits_until_it_is_released_and_is_not_held_again() {
    let hold = rule("topic = \"lang-nghe\"", "hold") + &rule("text = \"hội chợ\"", "hold");
    let town = Town::open(&hold).await;
    let held = town.held().await;
    assert_eq!(held.total, 1, "{held:?}");
    let tea = &held.articles[0];
    assert_eq!(
        (tea.title.as_str(), tea.source.as_str(), tea.why.as_str()),
        (TEA.1, "a", "rule 2")
    );
    assert_eq!(town.daemon.status().await["held"], 1);
    assert_eq!(town.titles("/feed.atom").await.len(), 2);

    let town = town.restart().await;
    let released = town
        .amend(&tea.story, Deed::Release)
        .await
        .expect("it is held");
    assert_eq!((released.articles, released.title.as_str()), (1, TEA.1));
    assert!(town.titles("/feed.atom").await.contains(&TEA.1.to_owned()));
    let again = town.amend(&tea.story, Deed::Release).await;
    assert!(
        again
            .expect_err("nothing is held")
            .contains("nothing of it is held")
    );

    // Other rules judge it anew, and its source says it in other words.
    let other = rule("title = \"chè\"", "hold");
    town.rules(&other, Request::ReloadYes).await;
    let edited = (TEA.0, TEA.1, "Bốn mươi hợp tác xã mang chè tới.");
    town.origin.say(
        "/a",
        Answer::feed(rss("a.example.vn", &[POTTERY, ADVERT, edited])),
    );
    assert_eq!(town.daemon.poll_one("a").await.changed, 1);
    assert!(town.titles("/feed.atom").await.contains(&TEA.1.to_owned()));
    assert_eq!(town.held().await, HeldList::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_given_and_taken_and_what_no_source_lists_any_more_is_judged_too() {
    let town = Town::open("").await;
    town.origin
        .say("/a", Answer::feed(rss("a.example.vn", &[])));
    town.daemon.poll_one("a").await;
    let (gom, che) = (town.id(POTTERY.1).await, town.id(TEA.1).await);
    let tag = rule("text = \"hợp tác xã\"", "tag") + "tag = \"former-province:binh-dinh\"\n";
    let untag = rule("title = \"lò gốm\"", "untag") + "tag = \"province:hue\"\n";
    let topic =
        "[[topic]]\nslug = \"do-lua\"\nlabel = { vi = \"Đỏ lửa\" }\nphrases = [\"lò gốm\"]\n";
    town.rules(&format!("{tag}{untag}{topic}"), Request::Reload)
        .await;
    assert_eq!(
        town.titles("/former-provinces/binh-dinh.atom").await,
        [TEA.1]
    );
    assert_eq!(town.titles("/provinces/gia-lai.atom").await, [TEA.1]);
    assert_eq!(town.titles("/provinces/hue.atom").await, [""; 0]);
    assert_eq!(town.titles("/topics/do-lua.atom").await, [POTTERY.1]);
    assert_eq!((town.id(POTTERY.1).await, town.id(TEA.1).await), (gom, che));
    town.rules("", Request::Reload).await;
    assert_eq!(town.titles("/provinces/hue.atom").await, [POTTERY.1]);
    assert_eq!(
        town.titles("/former-provinces/binh-dinh.atom").await,
        [""; 0]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_held_counted_and_suspect_and_the_first_poll_is_no_flood() {
    let flood = |from: usize, to: usize| {
        let items: String = (from..to)
            .map(|no| {
                format!(
                    "<item><guid isPermaLink=\"false\">{no}</guid><title>Tin số {no}</title></item>"
                )
            })
            .collect();
        Answer::feed(format!(
            "<rss version=\"2.0\"><channel><title>B</title><link>https://b.example.vn/</link>\
             <description>x</description>{items}</channel></rss>"
        ))
    };
    let origin = Origin::start().await;
    origin.say("/a", flood(0, 700));
    origin.say("/b", Answer::feed(rss("b.example.vn", &[TEA])));
    let house = House::new();
    house.configure(&sources(&origin, ""));
    let daemon = house.open().await;
    daemon.first_polls(&["a", "b"]).await;
    let town = Town {
        origin,
        house,
        daemon,
    };
    assert_eq!(town.held().await.total, 0);
    assert_eq!(town.daemon.status().await["stories"], 701);

    town.origin.say("/b", flood(0, 400));
    town.daemon.poll_one("b").await;
    town.house.clock.advance(Duration::from_secs(1800));
    town.origin.say("/b", flood(300, 900));
    assert_eq!(town.daemon.poll_one("b").await.new.len(), 500);
    assert_eq!(town.held().await.total, 300);
    let status = town.daemon.status().await;
    // 700 and 600, and the tea.
    assert_eq!(
        (&status["stories"], &status["held"]),
        (&1301.into(), &300.into())
    );
    let source = town.daemon.source("b").await;
    assert_eq!(source["state"], "suspect");
    let why = source["last_error"].as_str().expect("it says why");
    assert!(
        why.contains("300 undated") && why.contains("langbao held"),
        "{why}"
    );

    let first = town.held().await.articles.remove(0);
    assert_eq!((first.why.as_str(), first.source.as_str()), ("flood", "b"));
    town.amend(&first.story, Deed::Release)
        .await
        .expect("it is held");
    assert_eq!(town.held().await.total, 299);
    assert_eq!(town.daemon.status().await["stories"], 1302);
    // The hour moves on: half of what was let through is past.
    town.house.clock.advance(Duration::from_secs(1801));
    town.origin.say("/b", flood(900, 1300));
    town.daemon.poll_one("b").await;
    assert_eq!(town.held().await.total, 299);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fused_story_leads_to_the_elder() {
    let town = Town::open("").await;
    town.origin.say(
        "/b",
        Answer::feed(rss(
            "b.example.vn",
            &[(
                "lo",
                "Lò gốm Huế lại đỏ lửa",
                "Bên sông Ô Lâu khói lò bay lên sau nhiều năm.",
            )],
        )),
    );
    town.daemon.poll_one("b").await;
    let (old, new) = (
        town.id(POTTERY.1).await,
        town.id("Lò gốm Huế lại đỏ lửa").await,
    );
    let Town {
        origin,
        house,
        daemon,
    } = town;
    daemon.stop().await;
    let no = |id: &str| {
        StoryNo(
            id.rsplit('-')
                .next()
                .expect("a number")
                .parse()
                .expect("one"),
        )
    };
    {
        let mut store = house.store();
        let (one, other) = (
            store.whole(no(&old)).expect("readable").expect("there"),
            store.whole(no(&new)).expect("readable").expect("there"),
        );
        let articles = [one.articles, other.articles].concat();
        let at = one.story.changed_at + Duration::from_secs(60);
        let batch = standing::fuse(&one.story, &other.story, &articles, &Roster::default(), at);
        store.apply(&batch.expect("two sources")).expect("writable");
    }
    house.clock.advance(Duration::from_secs(60));
    let daemon = house.open().await;
    let town = Town {
        origin,
        house,
        daemon,
    };
    assert_eq!(town.left("/feed.atom").await, [new.as_str()]);
    assert_eq!(town.left("/sources/b.atom").await, [new.as_str()]);
    let feed = town.daemon.get("/feed.atom").await;
    let moved = format!("href=\"https://tin.example.vn/stories/{}\"", slug(&old));
    assert!(feed.text().contains(&moved), "{}", feed.text());
    assert!(
        feed.text()
            .contains("rel=\"related\" title=\"Báo b.example.vn\"")
    );
    let page = town.daemon.get(&format!("/stories/{}", slug(&new))).await;
    assert_eq!(
        (page.status, page.header("location")),
        (301, Some(slug(&old)))
    );
    let elder = town.daemon.get(&format!("/stories/{}", slug(&old))).await;
    assert!(elder.text().contains("Cũng đăng"));
    // Whoever names the younger means the elder.
    let gone = town.amend(&new, Deed::Retract).await.expect("it is shown");
    assert_eq!(gone.story, slug(&old));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_found_in_any_combination_and_an_unknown_one_names_the_nearest() {
    let town = Town::open("").await;
    for feed in [
        "/documents/1881-qd-ttg.atom",
        "/documents/1881-qd-ttg.rss",
        "/feed.atom?document=1881-qd-ttg&province=hue",
    ] {
        assert_eq!(town.titles(feed).await, [POTTERY.1], "{feed}");
    }
    let feed = town.daemon.get("/documents/1881-qd-ttg.atom").await;
    assert!(
        feed.text().contains("1881/QĐ-TTg</title>"),
        "{}",
        feed.text()
    );
    for (path, status) in [
        ("/documents/1881-qd-tt.atom", 404),
        ("/feed.atom?document=1881-qd-tt", 400),
    ] {
        let refused = town.daemon.get(path).await;
        assert_eq!(refused.status, status);
        assert!(
            refused.text().contains("the nearest is \"1881-qd-ttg\""),
            "{}",
            refused.text()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_named_by_its_kind_and_its_year_where_they_are_known() {
    let town = Town::open("").await;
    let id = town.id(POTTERY.1).await;
    let heading = async |town: &Town| {
        let page = town.daemon.get("/documents/1881-qd-ttg").await;
        assert_eq!(page.status, 200);
        let rest = page.text().split("<h1>").nth(1).expect("a heading");
        rest.split("</h1>").next().expect("its end").to_owned()
    };
    assert_eq!(heading(&town).await, "Quyết định 1881/QĐ-TTg");

    let dated = (
        "nghe",
        "Hà Giang công nhận thêm hai làng nghề trong tháng này",
        "Việc này theo QĐ số 1881 / QĐ - TTg ngày 20 tháng 11 năm 2020, phiên họp sáng nay cho biết.",
    );
    town.origin
        .say("/b", Answer::feed(rss("b.example.vn", &[dated])));
    town.daemon.poll_one("b").await;
    assert_eq!(heading(&town).await, "Quyết định 1881/QĐ-TTg (2020)");
    let link = |name: &str| format!("<a href=\"../documents/1881-qd-ttg\">{name}</a>");
    let page = async |id: &str| {
        let page = town.daemon.get(&format!("/stories/{}", slug(id))).await;
        page.text().to_owned()
    };
    let undated = page(&id).await;
    assert!(
        undated.contains(&link("Quyết định 1881/QĐ-TTg")),
        "{undated}"
    );
    let dated = page(&town.id(dated.1).await).await;
    assert!(
        dated.contains(&link("Quyết định 1881/QĐ-TTg (2020)")),
        "{dated}"
    );
    // The tag itself is one, whatever is known.
    let feed = town.daemon.get("/documents/1881-qd-ttg.atom").await;
    let tag = "scheme=\"https://tin.example.vn/schemes/document\" term=\"1881-qd-ttg\" label=\"1881/QĐ-TTg\"";
    assert_eq!(feed.text().matches(tag).count(), 2, "{}", feed.text());

    // Another decision of that number: no year is right for both.
    let other = (
        "khac",
        "Cà Mau nhắc lại chuyện cũ về đất ven rừng ngập mặn",
        "Tỉnh từng có Quyết định 1881/QĐ-TTg ngày 3/9/2014 về việc này.",
    );
    town.origin
        .say("/b", Answer::feed(rss("b.example.vn", &[other])));
    town.daemon.poll_one("b").await;
    assert_eq!(heading(&town).await, "Quyết định 1881/QĐ-TTg");
}

#[tokio::test(flavor = "multi_thread")]
async fn related_stories_are_on_the_page_of_a_story_while_they_are_shown() {
    const TOLD: News = (
        "lai",
        "Huế khôi phục lò gốm cổ sau mười năm bỏ hoang",
        "Lò gốm đỏ lửa trở lại bên sông Ô Lâu trong niềm vui của người làng và khách xa tới xem.",
    );
    const FILLED_IN_ANEW: News = (
        "khac",
        "Thái Nguyên khôi phục lò gốm cổ bên sông Cầu",
        "Lò gốm đỏ lửa trở lại sau ba mươi năm theo Quyết định số 1881/QĐ-TTg của Thủ tướng.",
    );
    let town = Town::open("").await;
    town.origin.say(
        "/b",
        Answer::feed(rss("b.example.vn", &[TOLD, FILLED_IN_ANEW])),
    );
    assert_eq!(town.daemon.poll_one("b").await.copies, 0);
    let (pottery, told) = (town.id(POTTERY.1).await, town.id(TOLD.1).await);
    let related = async |town: &Town, id: &str| {
        let page = town.daemon.get(&format!("/stories/{}", slug(id))).await;
        assert_eq!(page.status, 200);
        let (_, rest) = page.text().split_once("Tin liên quan").unwrap_or_default();
        rest.split("<li><a href=\"../stories/")
            .skip(1)
            .filter_map(|rest| rest.split('"').next().map(str::to_owned))
            .collect::<Vec<String>>()
    };
    assert_eq!(related(&town, &pottery).await, [slug(&told)]);
    assert_eq!(related(&town, &told).await, [slug(&pottery)]);

    town.amend(&told, Deed::Retract).await.expect("it is shown");
    assert_eq!(related(&town, &pottery).await, [""; 0]);
    town.amend(&told, Deed::UndoRetract).await.expect("in time");
    assert_eq!(related(&town, &pottery).await, [slug(&told)]);

    let hold = rule("title = \"bỏ hoang\"", "hold");
    town.rules(&hold, Request::ReloadYes).await;
    assert_eq!(related(&town, &pottery).await, [""; 0]);
    town.amend(&told, Deed::Release).await.expect("it is held");
    assert_eq!(related(&town, &pottery).await, [slug(&told)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_of_a_province_stand_on_the_map() {
    let town = Town::open("").await;
    for feed in ["/feed.atom", "/feed.rss"] {
        let answered = town.daemon.get(feed).await;
        let text = answered.text();
        assert_eq!(text.matches("<georss:point>").count(), 2, "{text}");
        assert!(
            text.contains("<georss:point>16.4637 107.5909</georss:point>"),
            "{text}"
        );
        assert!(
            text.contains("xmlns:georss=\"http://www.georss.org/georss\""),
            "{text}"
        );
        assert_eq!(answered.feed().entries.len(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_read_under_the_old_rules_is_judged_by_the_new_ones() {
    let town = Town::open("").await;
    let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let late = ("dat", "QUẢNG CÁO: Đất nền ven sông", "Gọi ngay.");
    let answer = Answer::feed(rss("b.example.vn", &[late]));
    town.origin.say_once("/b", answer.held_by(&gate));
    let polled = async { town.daemon.poll_one("b").await };
    let reloaded = async {
        while town.origin.asked("/b").len() < 2 {
            tokio::time::sleep(TICK).await;
        }
        let drop = rule("title = \"đất nền ven sông\"", "drop");
        town.rules(&drop, Request::Reload).await;
        gate.add_permits(1);
    };
    let (polled, ()) = tokio::join!(polled, reloaded);
    assert_eq!(polled.new.len(), 1);
    assert!(!town.titles("/feed.atom").await.contains(&late.1.to_owned()));
    assert_eq!(town.daemon.status().await["rules"][0]["fired"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_judged_half_way_goes_on_after_a_restart() {
    let items: String = (0..450)
        .map(|no| {
            format!(
                "<item><guid isPermaLink=\"false\">{no}</guid><title>Huế mở phiên chợ số {no}</title></item>"
            )
        })
        .collect();
    let origin = Origin::start().await;
    origin.say(
        "/a",
        Answer::feed(format!(
            "<rss version=\"2.0\"><channel><title>A</title><link>https://a.example.vn/</link>\
             <description>x</description>{items}</channel></rss>"
        )),
    );
    origin.say("/b", Answer::feed(rss("b.example.vn", &[TEA])));
    let house = House::new();
    house.configure(&sources(&origin, ""));
    let daemon = house.open().await;
    daemon.first_polls(&["a", "b"]).await;
    daemon.stop().await;

    // A start under other rules asks nobody, and the first step ends before the whole is done.
    let untag = rule("title = \"phiên chợ\"", "untag") + "tag = \"province:hue\"\n";
    house.configure(&sources(&origin, &untag));
    let text = std::fs::read_to_string(house.config_file()).expect("it was configured");
    let now = langbao::core::model::Timestamp::from_secs(crate::support::house::NOON_S);
    let mut owner = Owner::open(house.store(), crate::support::config(&text), now)
        .expect("it takes the store up");
    assert!(owner.judge_some(now, 200).expect("writable"));
    let so_far = owner.state().recompute().expect("it has begun");
    assert_eq!((so_far.done, so_far.total), (200, 451));
    drop(owner);

    let daemon = house.open().await;
    let town = Town {
        origin,
        house,
        daemon,
    };
    town.judged().await;
    assert_eq!(town.titles("/provinces/hue.atom").await, [""; 0]);
    let status = town.daemon.status().await;
    assert_eq!(status["recompute"]["total"], 451);
    // The restart forgot none of those that were judged before it.
    assert_eq!(status["rules"][0]["fired"], 450);
    assert_eq!(status["stories"], 451);
}
