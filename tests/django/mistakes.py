from django.db import models
from django.forms import ModelForm
from .choices import LEVELS

CUSTOMERS = (('a', '甲'), ('a2', '甲'), 7, ('b', '乙', '丙'))
SIZES = [("S", "小"), ("L", "大")


class IssueModel(models.Model):
    summary = models.CharField(max_length=20, verbose_name="概要", default="一个比二十个字还要长的默认值放在这里就是太长了吧")
    level = models.CharField(max_length=200, verbose_name="级别", choices=LEVELS, default="高")
    customer = models.CharField(max_length=200, verbose_name="客户", choices=CUSTOMERS, default="没有")
    state = models.CharField(max_length=200, verbose_name="状况", blank=True)
    photo = models.ImageField(upload_to="photos", verbose_name="照片")
    other = models.ForeignKey('OtherModel', on_delete=models.CASCADE)
    checker = models.CharField(max_length=200, default="指定", verbose_name="审核人", unique=True)
    total = 3

    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)


class IssueForm(ModelForm):
    extra = models.CharField()

    class Meta:
        model = IssueModel
        fields = ['summary', 'level', 'customer', 'nothing', 'checker', 'state']
        widgets = {
            'summary': forms.TextInput(attrs={'size': 79, 'onclick': 'x()'}),
            'sumary': forms.TextInput(),
            'level': forms.ColorPicker(),
        }

    def clean(self):
        pass


if True:
    HIDDEN = 1

action = {'assign_to': '审核人', 'send_mail': '所有人'}
TABLE = [
    {'source': '开', 'trigger': '提交', 'dest': '审', 'trans_condition': {'客户': '甲'}, 'trans_action': action},
    {'source': '开', 'trigger': '提交', 'dest': '完', 'trans_condition': {'客户': '丁'}, 'trans_action': {}},
    {'source': '开', 'triger': '转交', 'dest': '审'},
    {'source': '审', 'trigger': '通过', 'dest': '完', 'trans_condition': {'没有的字段': '甲'}, 'trans_action': {'assign_to': '没有的人'}},
    {'source': '审', 'trigger': '通过', 'dest': '开', 'trans_condition': {}, 'trans_action': undefined_action},
    {'source': '审核', 'trigger': '退回', 'dest': '开', 'trans_condition': {}, 'trans_action': {}},
    {'source': '审', 'trigger': '退回', 'dest': 5},
    'no row',
]

FormAndModelDict = {
    'issue': {'PrjNameZh': '问题', 'PrjModelClass': IssueModel, 'PrjFormClass': IssueForm, 'Color': 'red'},
    'Second-Project': {'PrjNameZh': '第二', 'PrjModelClass': IssueModel},
    'third': {'PrjNameZh': '第三', 'PrjModelClass': MissingModel, 'PrjFormClass': IssueForm},
    4: {},
}
TRANS_TABLE_DICT = {
    'issue': TABLE,
    'Second-Project': [],
    'fourth': TABLE,
}
