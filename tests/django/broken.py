LEVELS = (('高', '高') ('低', '低'),)
KINDS = (
    ('甲', '甲'),
    ('乙', '乙'，),
    ('丙', '丙'),
)
WORDS = "不完的字

class IssueModel(models.Model)
    summary = models.CharField(max_length=20, verbose_name="没有冒号")


class TaskModel(models.Model):
    summary = models.CharField(max_length=20, verbose_name="概要")
    detail = models.CharField(max_length=20 verbose_name="少一个逗号")
    kind = models.CharField(max_length=20, verbose_name="类别", choices=KINDS
    checker = models.CharField(max_length=20, verbose_name="审核人', default="指定")
    reader = models.CharField(max_length=20, verbose_name="读者", default="指定")
        other = models.CharField(max_length=20, verbose_name="缩进不对")

    def __str__(self)
        return self.summary


class TaskForm(ModelForm):
    class Meta:
        model = TaskModel
        fields = '__all__
        widgets = {
            'summary': forms.TextInput(attrs={'size':79}),
            'reader': forms.TextInput(attrs={'size':},
        }

TABLE = [
    {'source': '开', 'trigger': '交', 'dest': '审', 'trans_condition': {}, 'trans_action': {'assign_to': '读者'}},
    {'source': '审' 'trigger': '打回', 'dest': '开', 'trans_condition': {}, 'trans_action': {}},
    {'source': '审', 'trigger': '通过', 'dest': '完', 'trans_condition': {}, 'trans_action': {},
    {'source': '审', 'trigger': '不通过', 'dest': '完', 'trans_condition': {}, 'trans_action': {}},
]
FormAndModelDict = {
    'task': {'PrjNameZh': '任务', 'PrjModelClass': TaskModel, 'PrjFormClass': TaskForm},
    'issue': {'PrjNameZh': '问题', 'PrjModelClass': IssueModel, 'PrjFormClass': TaskForm}
    'last' {'PrjNameZh': '末'},
}
TRANS_TABLE_DICT = {'task': TABLE, 'issue': TABLE}
