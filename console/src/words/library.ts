// Chinese for the words of the bundled library: departments, tasks by key, plans, event types. Anything else is shown as written.
export const library: Record<string, string> = {
  'department.health': '卫生健康', 'department.disease_control': '疾病预防控制', 'department.public_security': '公安', 'department.transport': '交通', 'department.education': '教育', 'department.market_supervision': '市场监管', 'department.civil_affairs': '民政与社区', 'department.commerce': '商务', 'department.information': '新闻信息',
  'plan.epidemic-iv-watch': '监测与控制：个别病例', 'plan.epidemic-iii-contain': '控制：局部聚集', 'plan.epidemic-ii-suppress': '压制：社区传播', 'plan.epidemic-i-whole-city': '全市响应', 'plan.flood-response': '街面积水：劝离人员并排水',
  'task.investigate': '调查首批病例并查明接触者', 'task.beds': '预留定点医院床位', 'task.disinfect': '对病例到过的场所消毒', 'task.watch': '居委会观察症状', 'task.inform': '向公众通报情况和咨询渠道', 'task.test_area': '对涉及区域居民检测', 'task.schools': '涉及区域学校晨检', 'task.stations': '车站测温和状态查验', 'task.order': '维护检测点秩序', 'task.close_schools': '涉及区域学校居家教学', 'task.gatherings': '关闭聚集场所', 'task.supplies': '保障食品和日常供应', 'task.transfer': '病例和接触者闭环转运', 'task.quarantine': '开放隔离点', 'task.lockdown': '区域管控：居民居家', 'task.deliver': '为管控住户送餐', 'task.vulnerable': '走访老人、病人和独居者', 'task.field_hospital': '开设方舱医院', 'task.rumours': '当日回应传言', 'task.case': '访谈病例并查明接触者', 'task.contact': '找到、隔离并检测接触者', 'task.close_roads': '封闭积水道路和下穿通道', 'task.pumps': '调来水泵', 'task.check_people': '走访底层住户和避难点',
  'event.CaseReported': '病例报告', 'event.CaseReclassified': '病例改判', 'event.CountReported': '数字报告', 'event.PlaceAffected': '涉及场所', 'event.IncidentOpened': '事件立案', 'event.IncidentDeveloped': '事件发展', 'event.ResponseLevelSet': '响应定级', 'event.PlanAdopted': '预案批准', 'event.PartiesLinked': '各方联动', 'event.TaskCreated': '任务生成', 'event.OrderIssued': '指令下达', 'event.OrderConfirmed': '指令签收', 'event.TaskAcknowledged': '任务开始', 'event.TaskCompleted': '任务完成', 'event.TaskFailed': '任务未成', 'event.TaskEscalated': '逾期上报', 'event.TaskCommented': '任务留言', 'event.TaskDropped': '任务取消', 'event.IncidentClosed': '事件结案', 'event.IncidentReopened': '事件重启', 'event.AreaRestricted': '措施生效', 'event.RestrictionsLifted': '措施解除', 'event.CaseJoined': '病例归入', 'event.ContactNamed': '查明接触者', 'event.ContactUpdated': '接触者进展', 'event.TaskAssessed': '任务评估', 'event.FiguresReported': '公报数字', 'event.HazardReported': '险情报告',
}

const plansInEnglish: Record<string, string> = {
  'plan.epidemic-iv-watch': 'Watch and contain: single cases', 'plan.epidemic-iii-contain': 'Contain: a local cluster', 'plan.epidemic-ii-suppress': 'Suppress: community transmission', 'plan.epidemic-i-whole-city': 'Whole-city response', 'plan.flood-response': 'Street flood: keep people out of the water and pump',
}

export function english(key: string): string | undefined {
  if (key.startsWith('event.')) return key.slice(6).replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`)
  return plansInEnglish[key]
}
