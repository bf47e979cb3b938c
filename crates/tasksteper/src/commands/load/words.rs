//! What people are called, what they write.

use flow::Input;
use jiff::{Timestamp, tz::Offset};
use serde_json::{Value as Json, json};

use super::{chance::Chance, plan::Kind};

const SURNAMES: [(&str, &str); 30] = [
    ("wang", "王"),
    ("li", "李"),
    ("zhang", "张"),
    ("liu", "刘"),
    ("chen", "陈"),
    ("yang", "杨"),
    ("zhao", "赵"),
    ("huang", "黄"),
    ("zhou", "周"),
    ("wu", "吴"),
    ("xu", "徐"),
    ("sun", "孙"),
    ("hu", "胡"),
    ("zhu", "朱"),
    ("gao", "高"),
    ("lin", "林"),
    ("he", "何"),
    ("guo", "郭"),
    ("ma", "马"),
    ("luo", "罗"),
    ("liang", "梁"),
    ("song", "宋"),
    ("zheng", "郑"),
    ("xie", "谢"),
    ("han", "韩"),
    ("tang", "唐"),
    ("feng", "冯"),
    ("yu", "于"),
    ("dong", "董"),
    ("xiao", "萧"),
];
const GIVEN: [(&str, &str); 36] = [
    ("wei", "伟"),
    ("fang", "芳"),
    ("na", "娜"),
    ("min", "敏"),
    ("jing", "静"),
    ("li", "丽"),
    ("qiang", "强"),
    ("lei", "磊"),
    ("jun", "军"),
    ("yang", "洋"),
    ("yong", "勇"),
    ("yan", "艳"),
    ("jie", "杰"),
    ("juan", "娟"),
    ("tao", "涛"),
    ("ming", "明"),
    ("chao", "超"),
    ("xia", "霞"),
    ("ping", "平"),
    ("gang", "刚"),
    ("guiying", "桂英"),
    ("zihan", "子涵"),
    ("yuxuan", "宇轩"),
    ("haoran", "浩然"),
    ("siyuan", "思远"),
    ("ruoxi", "若曦"),
    ("jiahao", "嘉豪"),
    ("mengyao", "梦瑶"),
    ("zhiyuan", "志远"),
    ("xinyi", "欣怡"),
    ("tianyu", "天宇"),
    ("yichen", "奕辰"),
    ("shiqi", "诗琪"),
    ("boyang", "博洋"),
    ("wenjing", "文静"),
    ("jianguo", "建国"),
];
const REGIONS: [&str; 18] = [
    "华东", "华南", "华北", "西南", "西北", "东北", "上海", "江苏", "浙江", "广东", "四川", "陕西", "山西", "湖北",
    "福建", "山东", "河南", "云南",
];
/// The customers of each kind.
const CUSTOMERS: [(&str, [&str; 5]); 5] = [
    ("金融", ["某银行数据中心", "某证券营业网", "某保险灾备中心", "某农信核心网", "某支付机构骨干"]),
    ("电力", ["某电网调度网", "某变电站通信网", "某水电厂监控网", "某供电局城域网", "某风电场接入网"]),
    ("煤炭", ["某矿务局环网", "某煤矿井下环网", "某选煤厂办公网", "某能源集团骨干网", "某矿山调度中心"]),
    ("互联网", ["某云数据中心", "某视频平台出口", "某电商机房", "某CDN节点", "某游戏公司机房"]),
    ("政企", ["某市政务外网", "某高校校园网", "某三甲医院内网", "某机场离港网", "某地铁信号网"]),
];
const DEVICES: [(&str, &str); 12] = [
    ("核心路由器", "NE40E-X16"),
    ("核心路由器", "NE5000E"),
    ("数据中心交换机", "CE12808"),
    ("数据中心交换机", "CE6857"),
    ("汇聚交换机", "S9312"),
    ("接入交换机", "S5735-L48"),
    ("传输设备", "OSN 1800"),
    ("传输设备", "OSN 9800"),
    ("防火墙", "USG6650"),
    ("无线控制器", "AC6805"),
    ("出口网关", "AR6280"),
    ("接入设备", "MA5800-X17"),
];
const SYMPTOMS: [&str; 36] = [
    "主控板反复重启",
    "单板反复重启",
    "交换网板离线",
    "风扇告警不消除",
    "电源模块故障",
    "光模块收光低",
    "端口频繁UP/DOWN",
    "OSPF邻居震荡",
    "BGP会话中断",
    "路由黑洞",
    "VRRP主备切换失败",
    "堆叠分裂",
    "CRC错包持续增长",
    "业务倒换超时",
    "网管无法纳管",
    "SNMP轮询超时",
    "日志风暴",
    "CPU占用率超过90%",
    "内存缓慢泄漏",
    "ACL不生效",
    "QoS限速偏差",
    "时钟失锁",
    "NTP不同步",
    "补丁安装失败",
    "升级后配置丢失",
    "License过期误报",
    "组播花屏",
    "语音单通",
    "无线终端掉线",
    "AP批量离线",
    "隧道建立失败",
    "MTU不一致导致丢包",
    "双上行环路",
    "MAC漂移",
    "硬盘写满",
    "倒换后流量不回切",
];
const CAUSES: [&str; 12] = [
    "单板金手指氧化",
    "光模块老化",
    "补丁缺陷，定时器未清",
    "配置遗漏，两端参数不一致",
    "机房温度过高触发保护",
    "线缆接触不良",
    "协议报文并发处理顺序错误",
    "内存申请后异常分支未释放",
    "第三方设备报文不规范",
    "误操作：下发了错误的模板",
    "电源输入电压波动",
    "表项规格用满",
];
const MEASURES: [&str; 10] = [
    "已更换备件，观察 24 小时无异常",
    "已安装补丁，业务恢复",
    "已修改配置并保存，流量正常",
    "已采集诊断日志，等待研发分析",
    "现场复现成功，抓包已上传",
    "临时关闭该功能规避，计划窗口升级",
    "与客户确认变更窗口，本周四凌晨实施",
    "已回退版本，业务恢复，根因分析中",
    "已重启单板，现象消失",
    "备件在途，预计明日到达",
];
const SAID: [&str; 10] = [
    "客户又催了一次，请尽快给出进展。",
    "同类问题上个月另一个局点也出现过。",
    "已和客户沟通，同意按计划处理。",
    "请补充设备日志和版本信息。",
    "现场已经恢复，可以降级处理。",
    "+1",
    "这个根因站不住，再看一下抓包。",
    "请参考典型案例库里的同类条目。",
    "麻烦提供一下组网图。",
    "已抄送维护代表。",
];
const SUGGESTIONS: [&str; 14] = [
    "告警描述增加处理建议",
    "巡检脚本支持批量导出",
    "升级前自动检查剩余空间",
    "单板重启原因记入黑匣子",
    "补丁回退一键化",
    "网管拓扑支持按局点过滤",
    "日志默认带时区",
    "配置比对支持忽略注释",
    "光功率劣化提前预警",
    "License到期前三十天提示",
    "备件库与设备档案打通",
    "客户满意度回访流程简化",
    "抓包工具支持环形缓冲",
    "倒换演练纳入季度计划",
];
const MODULES: [&str; 10] =
    ["主控", "交换网板", "路由协议", "转发", "电源", "风扇", "光模块", "网管接口", "平台", "安全"];
const TEAMS: [&str; 6] = ["硬件组", "平台组", "协议组", "转发组", "网管组", "工程组"];

/// The groups that people are in.
pub(super) const GROUPS: [&str; 4] = ["维护人员", "维护代表", "SE", "设备管理"];

/// The name to sign in with, and the one that people see, of the person of this number.
pub(super) fn person(number: usize) -> (String, String) {
    let surname = SURNAMES[number % SURNAMES.len()];
    let given = GIVEN[(number / SURNAMES.len() + number * 7) % GIVEN.len()];
    (format!("{}.{}{number}", surname.0, given.0), format!("{}{}", surname.1, given.1))
}

/// The day of a moment, as titles write it and as fields do.
fn day(at: i64) -> (String, String) {
    let zoned = Timestamp::from_millisecond(at).unwrap_or_default().to_zoned(Offset::constant(8).to_time_zone());
    (zoned.strftime("%Y%m%d").to_string(), zoned.strftime("%Y-%m-%d").to_string())
}

/// What an item's creator writes.
pub(super) fn first(kind: Kind, chance: &mut Chance, at: i64) -> Input {
    let (customer, sites) = chance.pick(&CUSTOMERS);
    let site = format!("{}{}", chance.pick(&REGIONS), chance.pick(sites));
    let (device, model) = chance.pick(&DEVICES);
    let symptom = *chance.pick(&SYMPTOMS);
    match kind {
        Kind::Issue => issue(chance, at, (customer, &site), (device, model), symptom),
        Kind::Card => input([
            ("summary", json!(format!("{site}{device}{:02}号", chance.below(100)))),
            ("site", json!(site)),
            ("customer", json!(customer)),
            ("kind", json!(device)),
            ("model", json!(model)),
            ("version", json!(version(chance))),
            ("quantity", json!(1 + chance.below(24))),
            ("period_from", json!(day(at).1)),
            ("period_to", json!(day(at + 86_400_000 * chance.between(30, 900)).1)),
        ]),
        Kind::Improvement => {
            let about = if chance.percent(50) { *chance.pick(&MODULES) } else { device };
            input([
                ("summary", json!(format!("{about}：{}（{}）", chance.pick(&SUGGESTIONS), site))),
                ("detail", json!(format!("现状：{symptom}时只能人工排查。\n建议：见概要。\n预期收益：定位时间减半。"))),
            ])
        }
        Kind::Bug => input([
            ("summary", json!(format!("{model} {symptom}：{}", chance.pick(&CAUSES)))),
            (
                "phenomenon",
                json!(format!("{device}{symptom}，网管上报告警，业务受影响约{}分钟。", 1 + chance.below(90))),
            ),
            ("module", json!(chance.pick(&MODULES))),
            ("versions", json!(version(chance))),
            ("keywords", json!(format!("{device} {symptom}"))),
        ]),
    }
}

fn issue(
    chance: &mut Chance,
    at: i64,
    (customer, site): (&str, &str),
    (device, model): (&str, &str),
    symptom: &str,
) -> Input {
    let happened = day(at - 86_400_000 * chance.between(0, 3));
    let level = ["一般问题", "一般问题", "一般问题", "一般问题", "严重问题", "严重问题", "事故"][chance.below(7)];
    let (class, under): (&str, &[&str]) = *chance.pick(&[
        ("软件", &["协议", "平台"][..]),
        ("硬件", &["线缆", "单板"]),
        ("配置", &["数据", "误操作"]),
        ("结构", &[]),
        ("误操作", &[]),
    ]);
    let mut fields = input([
        ("summary", json!(format!("【{}】{site}{device}{symptom}", happened.0))),
        (
            "detail",
            json!(format!(
                "【问题现象】：{device}{symptom}，每{}分钟一次\n【问题影响】：{}\n【客户诉求】：{}小时内给出根因\n【客户态度】：{}",
                5 + chance.below(90),
                chance.pick(&["业务无影响", "业务中断", "业务质量下降", "网管告警"]),
                [4, 24, 48, 72][chance.below(4)],
                chance.pick(&["平和", "较急", "强烈不满"]),
            )),
        ),
        ("happened_on", json!(happened.1)),
        ("site", json!(site)),
        ("device_model", json!(model)),
        ("issue_level", json!(level)),
        ("customer_type", json!(customer)),
        ("class_1", json!(class)),
    ]);
    if !under.is_empty() && chance.percent(80) {
        fields.insert("class_2".to_owned(), json!(chance.pick(under)));
    }
    if chance.percent(60) {
        fields.insert("team".to_owned(), json!(chance.pick(&TEAMS)));
        fields.insert("module".to_owned(), json!(chance.pick(&MODULES)));
    }
    fields
}

/// What is written when the trigger is pressed, people aside.
pub(super) fn pressed(kind: Kind, trigger: &str, chance: &mut Chance) -> Input {
    match (kind, trigger) {
        (Kind::Issue, "更新进展") => input([("current_process", progress(chance))]),
        (Kind::Issue, "问题关闭") => input([("fix_version", json!(version(chance)))]),
        (Kind::Improvement, "采纳") => input([("value", json!(1 + chance.below(100)))]),
        (Kind::Improvement, "提交验证") => input([("progress", progress(chance))]),
        (Kind::Bug, "归档") => input([("workaround", json!("升级前关闭该特性。"))]),
        _ => Input::new(),
    }
}

/// What is saved in between.
pub(super) fn saved(kind: Kind, chance: &mut Chance) -> Input {
    match kind {
        Kind::Issue => input([("release_notes", json!(format!("修复：{}。", chance.pick(&CAUSES))))]),
        Kind::Improvement => input([("progress", progress(chance))]),
        _ => input([("cause", json!(chance.pick(&CAUSES))), ("solution", json!(chance.pick(&MEASURES)))]),
    }
}

/// What people say.
pub(super) fn said(chance: &mut Chance) -> &'static str {
    SAID[chance.below(SAID.len())]
}

fn progress(chance: &mut Chance) -> Json {
    json!(format!("根因：{}。\n{}。", chance.pick(&CAUSES), chance.pick(&MEASURES)))
}

fn version(chance: &mut Chance) -> String {
    format!("V{}00R0{:02}C{}0SPC{}00", 1 + chance.below(8), 1 + chance.below(22), chance.below(3), 1 + chance.below(9))
}

fn input<const N: usize>(fields: [(&str, Json); N]) -> Input {
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
