# 为什么没有成功：说清原因，并说清可以怎么做。

refused-stale = 这个条目已经被别人更新过（现在是第 { $revision } 版）。你填写的内容没有丢失，请核对后再提交。
refused-wrong-state = 条目现在处于“{ $state }”，没有“{ $trigger }”这个操作。请看看现在可以做什么。
refused-unmet = 现在的内容还不满足“{ $trigger }”的条件。
refused-press = 只有{ $who }可以这样做。
refused-save = 只有当前处理人可以保存修改。需要补充信息时，可以在历史中添加评论。
refused-final = 条目已经结束，不能再修改。需要补充信息时，可以在历史中添加评论。
refused-create = 只有{ $who }可以创建条目。
refused-assign = 只有管理员可以转交。

who-anyone = 任何人
who-field = “{ $field }”中的人
who-group = “{ $group }”组的成员

wrong-unknown = 没有这个字段
wrong-readonly = 这个字段现在不能修改
wrong-required = 必须填写
wrong-type = 格式不对，应当是 { $wants }
wrong-too-long = 太长了，最多 { $max } 个字
wrong-pattern = 格式不对，应当符合 { $pattern }
wrong-character = 含有不能保存的字符（单行文字中的换行，或 U+0000）
wrong-choice = 没有“{ $given }”这个选项，请选择：{ $offered }
wrong-choice-none = 现在没有可选的内容，请清空“{ $given }”
wrong-misfit = 与“{ $parent }”不相符，请重新选择
wrong-no-user = 没有名叫“{ $given }”的用户，请从列表中选择
wrong-no-group = 没有名叫“{ $given }”的用户组，请从列表中选择
wrong-disabled = “{ $user }”已停用，请换一个人
wrong-no-item = 找不到条目“{ $given }”，请填写编号（如 question_3）或粘贴它的地址
wrong-other-flow = 应当是“{ $flow }”中的条目
wrong-linked = 已经填写了链接，不能再建一个；要另建，请先清空它
wrong-no-flow = 流程“{ $flow }”还没有发布，请联系管理员
wrong-copy = 要带入“{ $flow }”的“{ $field }”：{ $why }
wrong-time = 时间不对：不能晚于现在，关闭不能早于创建，只有已关闭的状态才有关闭时间
wrong-no-comment = 这个操作不带说明，请清空说明
wrong-no-holder = 这样一来条目将没有在用的处理人，请联系管理员
wrong-too-small = 不能小于 { $min }
wrong-too-large = 不能大于 { $max }
wrong-decimals = 小数最多 { $max } 位
wrong-digits = 数字最多 15 位有效数字
wrong-date = 不是日期，应当像 2026-11-22 这样
wrong-datetime = 不是时间，应当像 2026-11-22 08:12 这样
wrong-url = 不是网址，应当以 http:// 或 https:// 开头

state = 当前状态
holder = 当前处理人
creator = 创建人
created-at = 创建时间
updated-at = 更新时间
closed-at = 关闭时间

problem-unauthorized = 没有登录，或令牌无效。请在 Authorization 头里带上有效的令牌。
problem-not-found = 没有这个东西，或者你不能查看它。
problem-admins-only = 只有管理员可以这样做。
problem-owners-only = 只有它的拥有者可以这样做。
problem-archived = 流程“{ $flow }”已停用，它的条目只能查看。
problem-bad-cursor = 这个游标不是列表给出的，请从第一页重新开始。
problem-throttled = 失败次数太多，请 { $seconds } 秒后再试。
problem-stale = 这个条目刚刚被别人更新过，请重新读取后再试。
problem-unavailable = 数据库暂时没有应答，什么都没有改变，请稍后再试。
problem-outcome-unknown = 保存时与数据库的连接中断，无法确认刚才的操作是否已经生效。请先查看，再决定是否重做。
problem-too-long = 统计用时太久，已中止：请缩短时间范围，或加上筛选条件。
problem-no-room = 服务器没有空间保存了，刚才的操作没有生效；查看不受影响。请告诉管理员，稍后再试。
problem-internal = 服务器出错了，什么都没有改变。请稍后再试；若一直如此，请联系管理员。
