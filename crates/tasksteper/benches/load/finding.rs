//! What is found, counted, carried out and in: one client, one request after the other, the sizes in turns.

use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::runtime::Runtime;

use crate::{Secrets, connect, cookie, median};

/// Measurements of each thing; the median counts.
const ROUNDS: usize = 3;
/// Requests of one thing in a round at most, and how long they may take: what is slow is asked less often.
const REQUESTS: usize = 100;
const SPAN: Duration = Duration::from_millis(1_500);
/// Rows that are carried in.
const ROWS: usize = 20_000;

/// A thing that is asked for, and the milliseconds that it may take.
struct Question {
    name: &'static str,
    path: &'static str,
    query: &'static [(&'static str, &'static str)],
    bound: u32,
}

const LIST: &str = "/flow/issue_track/all";
const SEARCH: &str = "/search";
const STATS: &str = "/api/v1/flows/issue_track/stats";
const LIKE: &str = "/api/v1/flows/issue_track/similar";
/// What somebody types of a problem.
const REPORT: &str =
    "华东某银行核心路由器主控板每隔一会儿自己重启，业务倒换后恢复，日志里有内存不足的告警，升级补丁以后更频繁";

const fn ask(
    name: &'static str,
    path: &'static str,
    query: &'static [(&'static str, &'static str)],
    bound: u32,
) -> Question {
    Question { name, path, query, bound }
}

/// A first page within 50 ms; what is similar within 100; a count of everything, or by one stored field, within 300; any other within 3,000.
const QUESTIONS: [Question; 24] = [
    ask("filter: one field", LIST, &[("q", "issue_level=事故")], 50),
    ask("filter: one of several", LIST, &[("q", "customer_type=金融,电力")], 50),
    ask("filter: a span of days", LIST, &[("q", "created=2024-03-01..2024-03-31")], 50),
    ask("filter: a text's part", LIST, &[("q", "概要:光模块")], 50),
    ask("filter: not, or", LIST, &[("q", "(issue_level=事故 or customer_type=煤炭) not state=关闭")], 50),
    ask("filter: has been in a state", LIST, &[("q", "was=SE分析改进 issue_level=事故")], 50),
    ask("filter: reached a state", LIST, &[("q", "reached=关闭@2024-03-01..2024-03-31")], 50),
    ask("filter: changed", LIST, &[("q", "changed=issue_level:一般问题..事故")], 50),
    ask("filter: in another order", LIST, &[("q", "issue_level=事故"), ("sort", "updated")], 50),
    ask("search: a common word", SEARCH, &[("q", "重启")], 50),
    ask("search: two words", SEARCH, &[("q", "单板 重启")], 50),
    ask("search: a phrase", SEARCH, &[("q", "\"主控板反复重启\"")], 50),
    ask("search: Latin, by its beginning", SEARCH, &[("q", "OSP")], 50),
    ask("search: a rare word", SEARCH, &[("q", "单板反复重启 1999")], 50),
    ask("search: what stands nowhere", SEARCH, &[("q", "龙卷风")], 50),
    ask("search: in one flow", LIST, &[("q", "光模块 收光低")], 50),
    ask("similar: entries of another flow", LIKE, &[("in", "buglist"), ("text", REPORT)], 100),
    ask("similar: of all flows linked to", LIKE, &[("text", REPORT)], 100),
    ask("count: by state", STATS, &[("by", "state")], 300),
    ask("count: by a field", STATS, &[("by", "issue_level")], 300),
    ask("count: cross table", STATS, &[("by", "issue_level"), ("by", "customer_type")], 3_000),
    ask("count: closed by month", STATS, &[("by", "closed:month")], 3_000),
    ask("count: of what is found", STATS, &[("by", "team"), ("q", "光模块")], 3_000),
    ask("count: the flow's page", "/flow/issue_track/stats", &[], 3_000),
];

/// A server with its items, and what it gave.
pub(crate) struct Asked<'s> {
    address: &'s str,
    secrets: &'s Secrets,
    size: usize,
    /// Milliseconds, by round and question.
    ms: Vec<Vec<f64>>,
    /// Rows a second.
    exported: f64,
    imported: f64,
}

impl<'s> Asked<'s> {
    pub(crate) fn new(address: &'s str, secrets: &'s Secrets, size: usize) -> Asked<'s> {
        Asked { address, secrets, size, ms: Vec::new(), exported: 0.0, imported: 0.0 }
    }

    fn ms(&self, question: usize) -> f64 {
        median(self.ms.iter().map(|round| round[question]).collect())
    }
}

/// Asks all of them in turns, and prints what they took.
pub(crate) fn measure(runtime: &Runtime, mut asked: [Asked; 2]) {
    for _ in 0..ROUNDS {
        for one in &mut asked {
            let ms = QUESTIONS.iter().map(|question| runtime.block_on(took(one, question)));
            one.ms.push(ms.collect());
        }
    }
    for one in &mut asked {
        one.exported = runtime.block_on(exported(one));
        one.imported = runtime.block_on(imported(one));
    }
    report(&asked);
}

/// The median time of a question, in milliseconds.
async fn took(asked: &Asked<'_>, question: &Question) -> f64 {
    let mut path = question.path.to_owned();
    for (place, (name, value)) in question.query.iter().enumerate() {
        let mark = if place == 0 { '?' } else { '&' };
        path.push_str(&format!("{mark}{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
    }
    let began = Instant::now();
    let mut took = Vec::new();
    while took.is_empty() || took.len() < REQUESTS && began.elapsed() < SPAN {
        let asking = Instant::now();
        send(asked, "GET", &path, Bytes::new()).await;
        took.push(asking.elapsed().as_secs_f64() * 1000.0);
    }
    median(took)
}

/// Sends one request and reads the answer to its end.
async fn send(asked: &Asked<'_>, method: &str, path: &str, body: Bytes) {
    let mut client = connect(asked.address).await;
    let request = Request::builder().method(method).uri(path).header("host", "localhost");
    let request = if path.starts_with("/api/") {
        request
            .header("authorization", format!("Bearer {}", asked.secrets.tokens[0]))
            .header("content-type", "text/csv")
    } else {
        request.header("cookie", cookie(&asked.secrets.sessions[0]))
    };
    client.ready().await.unwrap();
    let response = client.send_request(request.body(Full::new(body)).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    let mut body = response.into_body();
    // not gathered: a workbook of a million rows is large
    while let Some(frame) = body.frame().await {
        frame.unwrap();
    }
}

/// Rows a second of a workbook with every item of the flow.
async fn exported(asked: &Asked<'_>) -> f64 {
    let (rows, began) = (rows(asked).await, Instant::now());
    send(asked, "GET", "/api/v1/flows/issue_track/export?format=xlsx", Bytes::new()).await;
    rows / began.elapsed().as_secs_f64()
}

/// How many items the flow has.
async fn rows(asked: &Asked<'_>) -> f64 {
    let mut client = connect(asked.address).await;
    let request = Request::get("/api/v1/flows/issue_track/stats")
        .header("host", "localhost")
        .header("authorization", format!("Bearer {}", asked.secrets.tokens[0]))
        .body(Full::default())
        .unwrap();
    client.ready().await.unwrap();
    let answer = client.send_request(request).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    let counted: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    counted["total"].as_f64().unwrap()
}

/// Rows a second of new items from a CSV.
async fn imported(asked: &Asked<'_>) -> f64 {
    let mut file = "概要,详细描述,问题级别,客户类别,技术小组,问题模块\n".to_owned();
    for row in 0..ROWS {
        let level = ["一般问题", "严重问题", "事故"][row % 3];
        let customer = ["金融", "电力", "煤炭", "互联网", "政企"][row % 5];
        let team = ["硬件组", "平台组", "协议组", "转发组"][row % 4];
        file.push_str(&format!(
            "【20261119】某局点导入的第 {row} 个问题,主控板每 {row} 分钟左右重启一次，业务倒换正常，客户要求 24 小时内给出根因,{level},{customer},{team},主控\n"
        ));
    }
    let (before, began) = (rows(asked).await, Instant::now());
    send(asked, "POST", "/api/v1/flows/issue_track/import", file.into()).await;
    let took = began.elapsed().as_secs_f64();
    assert_eq!(rows(asked).await - before, ROWS as f64);
    ROWS as f64 / took
}

fn report(asked: &[Asked; 2]) {
    println!("\n{:<44}{:>12}{:>12}{:>12}", "items", asked[0].size, asked[1].size, "to reach");
    for (place, question) in QUESTIONS.iter().enumerate() {
        let [one, other] = asked.each_ref().map(|asked| asked.ms(place));
        println!(
            "{:<44}{one:>12.2}{other:>12.2}{:>12}",
            format!("{}, ms", question.name),
            format!("≤ {}", question.bound)
        );
        if question.bound <= 50 {
            println!(
                "{:<44}{:>12}{:>12.2}{:>12}",
                format!("{}, larger / smaller", question.name),
                "",
                other / one,
                "≤ 5"
            );
        }
    }
    let [one, other] = asked.each_ref().map(|asked| asked.exported);
    println!("{:<44}{one:>12.0}{other:>12.0}{:>12}", "workbook, rows/s", "≥ 20000");
    let [one, other] = asked.each_ref().map(|asked| asked.imported);
    println!("{:<44}{one:>12.0}{other:>12.0}{:>12}", "carried in, rows/s", "≥ 5000");
}
