// Chinese for the words of the bundled library: departments, plans, event types by key; tasks, duties and messages by their English text. Anything else is shown as written.
export const library: Record<string, string> = {
  'department.health': '卫生健康', 'department.disease_control': '疾病预防控制', 'department.public_security': '公安', 'department.transport': '交通', 'department.education': '教育', 'department.market_supervision': '市场监管', 'department.civil_affairs': '民政与社区', 'department.commerce': '商务', 'department.information': '新闻信息',
  'plan.epidemic-iv-watch': '监测与控制：个别病例', 'plan.epidemic-iii-contain': '控制：局部聚集', 'plan.epidemic-ii-suppress': '压制：社区传播', 'plan.epidemic-i-whole-city': '全市响应', 'plan.epidemic-ii-masks-and-distance': '口罩与距离：不关闭任何场所', 'plan.epidemic-ii-protect-old': '保护老人：防护、接种，其余照常', 'plan.epidemic-ii-school-first': '停课优先：学校居家教学，单位照常', 'plan.epidemic-ii-work-first': '居家办公优先：学校照常',
  'plan.flood-response': '街面积水：劝离人员并排水',
  'event.CaseReported': '病例报告', 'event.CaseReclassified': '病例改判', 'event.CountReported': '数字报告', 'event.PlaceAffected': '涉及场所', 'event.IncidentOpened': '事件立案', 'event.IncidentDeveloped': '事件发展', 'event.ResponseLevelSet': '响应定级', 'event.PlanAdopted': '预案批准', 'event.PartiesLinked': '各方联动', 'event.TaskCreated': '任务生成', 'event.OrderIssued': '指令下达', 'event.OrderConfirmed': '指令签收', 'event.TaskAcknowledged': '任务开始', 'event.TaskCompleted': '任务完成', 'event.TaskFailed': '任务未成', 'event.TaskEscalated': '逾期上报', 'event.TaskCommented': '任务留言', 'event.TaskDropped': '任务取消', 'event.IncidentClosed': '事件结案', 'event.IncidentReopened': '事件重启', 'event.AreaRestricted': '措施生效', 'event.RestrictionsLifted': '措施解除', 'event.CaseJoined': '病例归入', 'event.ContactNamed': '查明接触者', 'event.ContactUpdated': '接触者进展', 'event.TaskAssessed': '任务评估', 'event.FiguresReported': '公报数字', 'event.HazardReported': '险情报告',
  'event.NoticeSent': '通知发出', 'event.ClauseStarted': '条款启动', 'event.ClauseStopped': '条款停止', 'event.PlanEnded': '预案结束', 'event.ContactAssigned': '接触者分派', 'event.CaseHandedOver': '病例移交', 'event.HandOverAccepted': '移交接收', 'event.HandOverReturned': '移交退回', 'event.HandOverRefused': '移交拒绝', 'event.PersonsListed': '名单查看', 'event.LookRecorded': '查看留痕', 'event.ChangeProposed': '变更提出', 'event.ChangeConfirmed': '变更确认', 'event.ChangeRefused': '变更驳回', 'event.ChangeUsed': '变更已用', 'event.AppealLodged': '申诉提出', 'event.AppealDecided': '申诉裁定', 'event.GlassBroken': '紧急越权', 'event.ActivationOpened': '权力启用', 'event.ActivationClosed': '权力终止', 'event.AccessNoted': '访问留痕', 'event.DrillRecorded': '演练备案', 'event.StockSet': '库存申报', 'event.SupplyRequested': '物资申请', 'event.SupplyCommitted': '物资承诺', 'event.SupplyDeclined': '物资谢绝', 'event.SupplySent': '物资发出', 'event.SupplyReceived': '物资收到', 'event.RequestWithdrawn': '申请撤回', 'event.TransferRequested': '转诊申请', 'event.TransferPatientNoted': '转诊病人登记', 'event.TransferAccepted': '转诊接收', 'event.TransferDeclined': '转诊谢绝', 'event.TransferCancelled': '转诊取消', 'event.PatientDeparted': '病人出发', 'event.PatientArrived': '病人到达', 'event.ThresholdSet': '阈值设定', 'event.ThresholdPassed': '超过阈值', 'event.PlaceMarked': '场所标记',
}

// What bundled plans say in their own words: two plans may use one key for different tasks, so the text itself is the key.
const written: Record<string, string> = {
  'Schools stay open with fresh air and masks': '学校开放，通风并戴口罩',
  'Hold beds in the designated hospital': '预留定点医院床位',
  'Call on those who live alone': '走访独居者',
  'Care for children of those who must work': '照看必须上班者的子女',
  'Care homes: tests for staff, masks, visits one by one': '养老院：员工检测、戴口罩、逐一探视',
  'Interview the case and name the contacts': '访谈病例并查明接触者',
  'Call on ground-floor residents and shelters': '走访底层住户和避难点',
  'Close flooded roads and underpasses': '封闭积水道路和下穿通道',
  'Schools of affected areas teach at home': '涉及区域学校居家教学',
  'Locate, isolate and test the contact': '找到、隔离并检测接触者',
  'Deliver food to every household under control': '为管控住户送餐',
  'Disinfect the places where cases were': '对病例到过的场所消毒',
  'Fewer contacts: half occupancy, fewer trips': '减少接触：半数容量，少出行',
  'Open field hospitals': '开设方舱医院',
  'Close venues where people gather': '关闭聚集场所',
  'Tell the public what is known and where to ask': '向公众通报情况和咨询渠道',
  'Investigate the first cases and name their contacts': '调查首批病例并查明接触者',
  'Area lockdown: residents stay at home': '区域管控：居民居家',
  'Masks on transport, in shops and at work': '公交、商店、单位戴口罩',
  'Keep order at test sites': '维护检测点秩序',
  'Bring pumps': '调来水泵',
  'Open quarantine places': '开放隔离点',
  'Answer rumours within the day': '当日回应传言',
  'Schools of affected areas check health every morning': '涉及区域学校晨检',
  'Temperature and status checks at stations': '车站测温和状态查验',
  'Secure food and daily supplies': '保障食品和日常供应',
  'Test the residents of affected areas': '对涉及区域居民检测',
  'Test pupils and staff before schools open again': '复课前检测师生',
  'Closed-loop transfer of cases and contacts': '病例和接触者闭环转运',
  'Vaccinate the oldest first': '高龄者优先接种',
  'Venues keep to the limit of persons': '场所按人数限制经营',
  'Call on the old, the sick and those who live alone': '走访老人、病人和独居者',
  'Neighbourhood committees watch for symptoms': '居委会观察症状',
  'Those who can, work from home; shifts for the others': '能居家办公者居家，其余轮班',
  'Warn by screens and messages': '以屏幕和短信预警',
  'Tell the public what is asked of whom, and until when': '告知公众对谁有何要求、到何时为止',
  'Keep people away from the water': '劝离涉水人员',
  'Bring food and medicine to those who stay at home': '为居家者送食品和药品',
  'sees to people at home and to those who live alone': '照看居家者和独居者',
  'keeps food and daily goods flowing': '保障食品和日用品流通',
  'investigates every case and names its contacts': '调查每例病例并查明接触者',
  'decides on schools within the plan': '在预案内决定学校事宜',
  'keeps beds, testing and treatment ready': '保障床位、检测和救治',
  'speaks with one voice, every day': '每日统一发布信息',
  'keeps markets and venues within the rules': '监管市场和场所守规经营',
  'keeps order where work is done': '维护作业现场秩序',
  'moves people and goods safely': '安全转运人员和物资',
  'city emergency management committee': '市应急管理委员会',
  'advice to those over 60 and rules of visits in care homes': '对60岁以上者的建议和养老院探视规则',
  'area lockdown for at most 14 days in affected areas, reviewed every 7 days by the committee': '涉及区域管控至多14天，委员会每7天复核',
  'closing of schools and venues in affected areas for at most 14 days': '关闭涉及区域的学校和场所至多14天',
  'closing of single streets and underpasses while water stands': '积水期间封闭个别街道和下穿通道',
  "no restriction of anybody's movement": '不限制任何人的行动',
  'rules of masks and numbers of persons, for at most 42 days': '口罩和人数规则，至多42天',
  'schools of affected areas for at most 21 days': '涉及区域的学校，至多21天',
  'testing in affected areas; no restriction of movement': '涉及区域检测；不限制行动',
  'workplaces that can work from home, for at most 28 days': '能居家办公的单位，至多28天',
  'residents': '居民', 'parents': '家长', 'employers': '用人单位', 'those over 60': '60岁以上者',
  'Cases of an infectious disease are known in your area. Stay at home and ask for a test if you have fever or a cough. What is closed, until when, and whom to ask stands on the public page.': '您所在区域已发现传染病病例。如有发热或咳嗽，请留在家中并申请检测。哪些地方关闭、到何时、向谁询问，见公众页。',
  'School is at home until the public page says otherwise. Children of those who must work are cared for at school; ask your school.': '在公众页另行通知之前，学校居家教学。必须上班者的子女由学校照看，请向学校询问。',
  'Work that can be done at home is done at home until the public page says otherwise. Keep distance and masks where people must come.': '在公众页另行通知之前，能居家办公的居家办公。必须到岗处，请保持距离并戴口罩。',
  'Please keep apart from others for now: the disease is dangerous at your age. Your community committee brings food and medicine; ask it or the public page for anything you need.': '请暂时与他人保持距离：此病对您这个年龄有危险。居委会送食品和药品；如有需要，请向居委会询问或查看公众页。',
}

/** The Chinese of a text that a bundled plan has in English, or undefined. */
export const inChinese = (text: string): string | undefined => written[text]

const plansInEnglish: Record<string, string> = {
  'plan.epidemic-iv-watch': 'Watch and contain: single cases', 'plan.epidemic-iii-contain': 'Contain: a local cluster', 'plan.epidemic-ii-suppress': 'Suppress: community transmission', 'plan.epidemic-i-whole-city': 'Whole-city response', 'plan.flood-response': 'Street flood: keep people out of the water and pump',
}

export function english(key: string): string | undefined {
  if (key.startsWith('event.')) return key.slice(6).replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`)
  return plansInEnglish[key]
}
