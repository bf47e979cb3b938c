class IssueTrackModel(models.Model):
    summary = models.CharField(max_length=200, verbose_name="概要", default="【20170101】XX局点XX设备发生XX问题")
    detail = models.CharField(max_length=5000, verbose_name="详细描述")
    current_process = models.CharField(max_length=5000, verbose_name="处理进展", default="##由维护处理人填写##")
    issue_level = models.CharField(max_length=200, verbose_name="问题级别", choices=CHOICE_ISSUE_LEVEL)
    customer_type = models.CharField(max_length=200, verbose_name="客户类别", choices=CHOICE_CUSTOMER_TYPE)
    class_1 = models.CharField(max_length=200, verbose_name="问题大类", choices=CHOICE_ISSUE_CLASS_1)
    class_2 = models.CharField(max_length=200, verbose_name="问题小类", choices=CHOICE_ISSUE_CLASS_2)
    class_3 = models.CharField(max_length=200, verbose_name="责任领域", choices=RESPONSE_FIELD_CHOICES)
    buglist_url = models.CharField(max_length=200, default="Buglist单链接(若有)", verbose_name="Buglist链接(URL)")
    improvement_url = models.CharField(max_length=200, default="改进单链接(若有)", verbose_name="改进项链接(URL)")
    issue_processor = models.CharField(max_length=200, default="提交人填写", verbose_name="维护处理人")
    issue_checker = models.CharField(max_length=200, default="维护处理人指定", verbose_name="维护代表")
    issue_se = models.CharField(max_length=200, default="维护代表指定", verbose_name="改进提取SE")
    assigned_to = models.CharField(max_length=200, default="", verbose_name="当前处理人(只读)")
    created_by = models.CharField(max_length=200, default="", verbose_name="创建人(只读)")
    current_state = models.CharField(max_length=200, verbose_name="当前状态(只读)")

CHOICE_ISSUE_CLASS_1 = (
    ('软件', '软件'),
    ('硬件', '硬件'),
    ('结构', '结构'),
    ('误操作', '误操作'),
    ('配置', '配置'),
)

class IssueTrackForm(ModelForm):
    class Meta:
        model = IssueTrackModel
        fields = '__all__'
        widgets = {
            'summary' : forms.TextInput(attrs={'size':79}),
            'current_process' : forms.Textarea(attrs={'cols': 80, 'rows': 5}),
            # 'viewer_advice' : forms.Textarea(attrs={'cols': 80, 'rows': 5}),
            'detail' : forms.Textarea(attrs={'cols': 80, 'rows': 5}),
            'buglist_url' : forms.TextInput(attrs={'size':79}),
            'improvement_url' : forms.TextInput(attrs={'size':79}),
            'assigned_to': forms.TextInput(attrs={'readonly': True, 'size':20}),
            'created_by': forms.TextInput(attrs={'readonly': True}),
            'current_state': forms.TextInput(attrs={'readonly': True}),
        }

FormAndModelDict = {
    'improvement': {'PrjNameZh': '改进建议', 'PrjModelClass': NameModel, 'PrjFormClass': NameForm},
    'device_card': {'PrjNameZh': '设备管理', 'PrjModelClass': DeviceCardModel, 'PrjFormClass': DeviceCardForm},
    'issue_track': {'PrjNameZh': '网上问题处理', 'PrjModelClass': IssueTrackModel, 'PrjFormClass': IssueTrackForm}
}

#上市保障问题跟踪
issue_track_action_1 = {'assign_to':'维护代表'}
issue_track_action_2 = {'assign_to':'维护处理人'}
issue_track_action_3 = {'assign_to':'改进提取SE'}
FSM_TRANS_ISSUE_TRACK = [
    {'source': '维护人员处理',      'trigger': '更新进展',      'dest': '维护人员处理',      'trans_condition': {},      'trans_action': {'assign_to': '创建人(只读)'},},
    {'source': '维护人员处理',      'trigger': '提交审核',      'dest': '维护代表审核',      'trans_condition': {},      'trans_action': issue_track_action_1},
    {'source': '维护代表审核',      'trigger': '打回补充信息',  'dest': '维护人员处理',      'trans_condition': {},      'trans_action': issue_track_action_2},
    {'source': '维护代表审核',      'trigger': '转SE分析改进',  'dest': 'SE分析改进',        'trans_condition': {},      'trans_action': issue_track_action_3},
    {'source': 'SE分析改进',        'trigger': '问题关闭',      'dest': '关闭',              'trans_condition': {},      'trans_action': {}}
]

#定义各个项目对应的状态转换表
TRANS_TABLE_DICT = {
    'improvement':FSM_TRANS_TABLE,
    'device_card':FSM_TRANS_TABLE_DEVICECARD,
    'issue_track':FSM_TRANS_ISSUE_TRACK
}
