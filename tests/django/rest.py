# -*- coding: utf-8 -*-
# What the listings name and do not show: written after the pages that the document pictures.
from django import forms
from django.db import models
from django.forms import ModelForm

CHOICE_ISSUE_LEVEL = (('1', '一般问题'), ('2', '严重问题'), ('3', '事故'))
CUSTOMERS = ['金融', '电力', '煤炭', '互联网']
CHOICE_CUSTOMER_TYPE = [(c, c) for c in CUSTOMERS]
# The document says itself that this must stand before the model, and shows it after.
CHOICE_ISSUE_CLASS_1 = [(c, c) for c in ('软件', '硬件', '结构', '误操作', '配置')]
CHOICE_ISSUE_CLASS_2 = (
    ('硬件', (('线缆', '线缆'), ('单板', '单板'))),
    ('配置', (('数据', '数据'), ('误操作', '误操作'))),
)
RESPONSE_FIELD_CHOICES = (('线缆', '线缆'), ('单板', '单板')) + (('误操作', '误操作'),)

LONG = 5000


class BaseModel(models.Model):
    summary = models.CharField(max_length=200, verbose_name="概要")
    detail = models.CharField(max_length=LONG, verbose_name="详细描述")
    assigned_to = models.CharField(max_length=200, default="", verbose_name="当前处理人(只读)")
    created_by = models.CharField(max_length=200, default="", verbose_name="创建人(只读)")
    current_state = models.CharField(max_length=200, verbose_name="当前状态(只读)")

    class Meta:
        abstract = True

    def __str__(self):
        return self.summary


class NameModel(BaseModel):
    progress = models.CharField(max_length=LONG, verbose_name="处理进展", default="##由改进实施人填写##")
    value = models.IntegerField(verbose_name="改进价值评估", default=0)
    reviewer = models.CharField(max_length=200, default="提交人填写", verbose_name="改进建议评审人")
    implementer = models.CharField(max_length=200, default="由建议评审人指派", verbose_name="改进建议实施人")
    planned = models.DateField(verbose_name="计划完成", null=True, blank=True)


class DeviceCardModel(BaseModel):
    model = models.CharField(max_length=100, verbose_name="设备型号", blank=True)
    in_service = models.BooleanField(verbose_name="在网", default=True)
    checked_at = models.DateTimeField(verbose_name="巡检时间", null=True, blank=True)
    keeper = models.CharField(max_length=200, default="提交人填写", verbose_name="档案责任人")


class NameForm(ModelForm):
    class Meta:
        model = NameModel
        fields = '__all__'
        widgets = {
            'summary': forms.TextInput(attrs={'size': 79}),
            'detail': forms.Textarea(attrs={'cols': 80, 'rows': 5}),
            'progress': forms.Textarea(attrs={'cols': 80, 'rows': 5}),
            'assigned_to': forms.TextInput(attrs={'readonly': True}),
        }


class DeviceCardForm(ModelForm):
    class Meta:
        model = DeviceCardModel
        fields = ['summary', 'model', 'detail', 'in_service', 'checked_at', 'keeper', 'assigned_to']


FSM_TRANS_TABLE = [
    {'source': '提交建议', 'trigger': '提交评审', 'dest': '价值评审', 'trans_condition': {}, 'trans_action': {'assign_to': '改进建议评审人'}},
    {'source': '价值评审', 'trigger': '指派实施', 'dest': '实施', 'trans_condition': {}, 'trans_action': {'assign_to': '改进建议实施人'}},
    {'source': '价值评审', 'trigger': '不采纳', 'dest': '关闭', 'trans_condition': {}, 'trans_action': {}},
    {'source': '实施', 'trigger': '完成', 'dest': '关闭', 'trans_condition': {}, 'trans_action': {}},
]

FSM_TRANS_TABLE_DEVICECARD = [
    {'source': '建档', 'trigger': '转维护', 'dest': '维护', 'trans_condition': {}, 'trans_action': {'assign_to': '档案责任人'}},
    {'source': '维护', 'trigger': '打回补充', 'dest': '建档', 'trans_condition': {'在网': True}, 'trans_action': {'assign_to': '创建人(只读)'}},
    {'source': '维护', 'trigger': '更新', 'dest': '维护', 'trans_condition': {}, 'trans_action': {}},
]
