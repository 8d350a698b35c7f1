# ruff: noqa: E501 - the table keeps each title and definition whole
"""The metrics of reasons, registered."""

from __future__ import annotations

from primum.evidence.metrics import Direction, register_row

HOLD, EXCESS = "explanations_that_hold", "explanation_excess_faithfulness"
COMPREHENSIVE, SUFFICIENT = "explanation_comprehensiveness", "explanation_sufficiency"
GAP = "explanation_gap"
RANDOMISED = "explanation_randomised_similarity"
STABILITY, WORST = "explanation_stability", "explanation_stability_worst"
POINTING, POINTING_EXCESS, ENERGY = "pointing_accuracy", "pointing_excess", "energy_inside"
NOTE_SHARE, IMAGE_SHARE = "note_share", "image_share"
WRITTEN = "burned_in_text_effect"
IMPORTANCE, WORD = "part_importance", "word_importance"
_ERASER = "DeYoung et al. 2020, ACL (ERASER), section 4"
_POINTING = "Zhang et al. 2018, IJCV 126:1084, section 4.2"
_SHAPLEY = "Shapley 1953; Lundberg & Lee 2017, NeurIPS"

# name, English title, Chinese title, English definition, Chinese definition, unit, direction, reference
_TABLE: tuple[tuple[str, str, str, str, str, str, Direction, str], ...] = (
    (HOLD, "Reasons that hold", "成立的理由所占比例",
     "The share of patients whose answer's reason passes every check: its parts sum to the difference, taking it away moves the answer more than taking as much at random, and harmless rewording leaves it.",
     "其答案的理由通过全部检验的患者比例：各部分之和等于应有差值、去除该理由比随机去除同等数量更能改变答案、无害改写后理由不变。",
     "fraction", "higher", _ERASER),
    (COMPREHENSIVE, "Comprehensiveness of reasons", "理由的完备性",
     "How much the probability of the answer falls when the reason (a fifth of a record's words, vitals and cells of its image) is taken away, mean over patients.",
     "去除理由（病历中五分之一的词、体征与影像格）后答案概率的下降，对患者取平均。", "fraction", "higher", _ERASER),
    (SUFFICIENT, "Sufficiency of reasons", "理由的充分性",
     "How much the probability of the answer falls when nothing but the reason is left, mean over patients; near 0 the reason suffices.",
     "仅保留理由时答案概率的下降，对患者取平均；接近 0 表示理由已充分。", "fraction", "lower", _ERASER),
    (EXCESS, "Faithfulness beyond chance", "超出随机的忠实度",
     "Comprehensiveness of the reason minus that of as many parts chosen at random from the same record, mean over patients.",
     "理由的完备性减去同一病历中随机选取同等数量部分的完备性，对患者取平均。", "fraction", "higher", _ERASER),
    (GAP, "Convergence gap of reasons", "理由的收敛差",
     "By how much the parts of a reason miss the difference that they must sum to, as a share of it, mean over patients; only for methods that promise a sum.",
     "理由各部分之和与其应有差值之间的差距占该差值的比例，对患者取平均；仅适用于承诺求和的方法。", "fraction", "lower",
     "Sundararajan et al. 2017, ICML, section 3 (completeness)"),
    (STABILITY, "Stability of reasons under rewording", "理由在改写下的稳定性",
     "The rank correlation between the reason for a record and for the same record in up to six harmless rewordings (synonyms, function words, punctuation, case, white space, order of sentences) and harmless changes of its image (slightly brighter, turned by one degree, a good JPEG), over the parts they share, mean over these and patients.",
     "病历与其至多六种无害改写（同义词、虚词、标点、大小写、空白、句序）及影像的无害变化（略微提亮、旋转一度、高质量 JPEG）的理由在共有部分上的秩相关，对改写与患者取平均。", "correlation", "higher",
     "Alvarez-Melis & Jaakkola 2018, arXiv:1806.08049"),
    (WORST, "Stability of reasons under the worst rewording", "理由在最差改写下的稳定性",
     "The least of the rank correlations between the reason for a record and for its harmless rewordings, mean over patients.",
     "病历的理由与其各无害改写的理由之间最低的秩相关，对患者取平均。", "correlation", "higher",
     "Alvarez-Melis & Jaakkola 2018, arXiv:1806.08049"),
    (RANDOMISED, "Likeness to the reasons of a model that learnt nothing", "与未学习模型的理由的相似度",
     "The rank correlation between the reason for a record and the reason that a copy of the model gives whose weights were shuffled, in its last layer or in all, mean over patients; near 0 the reasons hang on what was learnt, above 0.5 they do not, and all are withheld.",
     "病历的理由与权重被打乱（仅末层或全部各层）的模型副本所给理由之间的秩相关，对患者取平均；接近 0 表示理由取决于所学内容，高于 0.5 则不取决于所学内容，此时全部不予显示。", "correlation", "lower",
     "Adebayo et al. 2018, NeurIPS, section 3"),
    (POINTING, "Pointing game", "指向正确率",
     "The share of patients in whose image the strongest cell of the reason for the true class lies in a place that people marked, or within 15 of 224 pixels of one.",
     "在患者的影像中，支持真实类别的理由的最强格落在人工标注处或距其不超过 15 像素（以 224 像素计）的比例。", "fraction", "higher", _POINTING),
    (POINTING_EXCESS, "Pointing beyond chance", "超出随机的指向正确率",
     "The pointing game's share minus the share of all cells of the same images that would have counted, mean over patients.",
     "指向正确率减去同一影像中任取一格即可命中的比例，对患者取平均。", "fraction", "higher", _POINTING),
    (ENERGY, "Reason inside marked places", "标注处内的理由份额",
     "Of what speaks for the true class in an image, the share that lies in places that people marked, mean over patients; a reason that is the same everywhere has the share of the image that is marked.",
     "影像中支持真实类别的贡献落在人工标注处之内的份额，对患者取平均；若理由处处相同，则该份额等于标注面积所占比例。", "fraction", "higher",
     "Wang et al. 2020, CVPR workshops (Score-CAM), section 4.3"),
    (WRITTEN, "What text in the picture decides", "影像中文字的影响",
     "How much the probability of the answer falls when text that is burned into the image is masked, beyond its fall when as much of the same image is masked where nothing is written, mean over patients with text in their image; near 0 the text decides nothing.",
     "遮蔽影像中烧录的文字后答案概率的下降，减去遮蔽同一影像中同样大小的无文字处时的下降，对影像中有文字的患者取平均；接近 0 表示文字不起决定作用。", "fraction", "lower",
     "Zech et al. 2018, PLOS Medicine 15:e1002683 (what metal tokens in films gave away); Zeiler & Fergus 2014, ECCV, section 4.2"),
    (NOTE_SHARE, "How much of the answer the note makes", "答案中病历文本所占份额",
     "Of what note, vitals and image add to or take from the answer's log-odds (Shapley values of these inputs), the share that is the note's, mean over patients who have a note and another input.",
     "在病历文本、体征与影像对答案对数几率的贡献（各输入的沙普利值，取绝对值）中文本所占的份额，对同时具有文本与其他输入的患者取平均。", "fraction", "none", _SHAPLEY),
    (IMAGE_SHARE, "How much of the answer the image makes", "答案中影像所占份额",
     "Of what note, vitals and image add to or take from the answer's log-odds (Shapley values of these inputs), the share that is the image's, mean over patients who have an image and another input.",
     "在病历文本、体征与影像对答案对数几率的贡献（各输入的沙普利值，取绝对值）中影像所占的份额，对同时具有影像与其他输入的患者取平均。", "fraction", "none", _SHAPLEY),
    (IMPORTANCE, "What an input part moves", "各部分的影响",
     "How far the score of the answer (log-odds, or the number) moves: for note, vitals and image their Shapley value in the game of these inputs, for one vital what its absence alone changes; mean absolute value over the patients who have it.",
     "答案得分（对数几率或数值）移动的幅度：病历、体征与影像为各输入博弈中的沙普利值，单项体征为仅缺该项时的变化；对拥有该项的患者取绝对值平均。", "score", "none", _SHAPLEY),
    (WORD, "What a word adds to a class", "词语对类别的影响",
     "What a word adds to the log-odds of the class answered, mean over the patients whose note has it; only words that at least five patients share.",
     "某词对所答类别对数几率的贡献，对病历中含有该词的患者取平均；仅列出至少五名患者共有的词。", "score", "none", _SHAPLEY),
)  # fmt: skip

for _row in _TABLE:
    register_row(*_row)
