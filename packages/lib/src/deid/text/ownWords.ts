import type {WordGroup} from './wordGroup.ts';

/** Words of descriptions collected for this gateway. No word is only a given or family name. */
export const ownWords: readonly WordGroup[] = [
  {
    source: 'anatomy, English and Latin',
    words: `
abdominis abducens acetabular acetabulum achilles acromial acromion adductor adenoid adipose adnexa airway airways alveolar alveolus ampulla amygdala
anastomosis aneurysm ankles annulus antebrachium antrum anulus aponeurosis aqueduct arachnoid arcuate arms arteries artic arytenoid astragalus atlas
atria auricle axon basal basalis biceps bifurcation bilateral bowel brachiocephalic brachium brainstem bronchi bronchial buccinator caecum calcaneum
callosal callosum calvarium capitate capsule cardia cardium carina carpal carpi cartilage caudal caudate cavernous cecum cerebellar cerebri
cerebrospinal cerebrum cervicothoracic chiasm chiasma choroidal cingulate cingulum cisterna claustrum clavicula clavicular clivus cochlea cochlear
colli colliculus colonic condylar condyle conus coracoid corona coronal coronoid corpora corpus cortex cortical costa costal costochondral
costovertebral cranii craniocaudal craniocervical craniofacial craniospinal cruciate crural crus cubital cuboid cuneiform cuneus cutaneous cystic
deltoid dens dentate dermis diaphragmatic diaphysis diencephalon digiti disc discs discus disk disks diverticulum dorsal dorsi dorsum duodenal dura
dural ears elbows endocranial endolymphatic ependymal epicardial epicondyle epidural epiglottis epiphyseal epiphysis epithelium erector ethmoid
ethmoidal eustachian extraaxial extradural extraocular extrapyramidal fascia fascicle feet femora fetus fibular fingers fissure flexor follicle
foramen foramina forceps fornix fovea frontalis frontoparietal fundus fusiform ganglia ganglion gastrocnemius gastrointestinal genital genu gingiva
glenohumeral glenoid globus glottis gluteus gracilis groin gyri gyrus hallux hamate hamstring hands helix hemithorax hepatobiliary hepatopancreatic
hilar hilum hippocampal hippocampus hips humeral hyoid hypophyseal hypophysis hypothalamic hypothalamus ileal ileocecal iliacus iliofemoral iliopsoas
iliosacral infrapatellar infrarenal infraspinatus infratentorial infundibulum inguen insula insular interatrial intercostal interhemispheric
interosseous interphalangeal interspinous intertrochanteric interventricular intervertebral intraarticular intracerebral intradural intrahepatic
intramedullary intrathecal intraventricular iris ischial ischium isthmus jejunal joints jugulare kidneys knees labrum labyrinth lamina latissimus
lemniscus lentiform ligamentum limbic limbs lip lips lobar lobes lobule longissimus longus lumbalis lumbosacral lunate lungs lymph lymphatic lymphnode
lymphnodes malleolus mamma mammae mammilla manubrium marrow masseter maxillofacial meatus mediastinal medulla medullary meningeal meninges meniscal
meniscus mesencephalon mesentery mesial metacarpal metacarpophalangeal metaphysis metatarsal metatarsophalangeal midbrain midfoot midline mitral molar
mucosa muscles muscular musculoskeletal myocardial myocardium myometrium nasi neocortex nerve nerves nervus neural neurocranium neuroforamen nipple
nodal nodes nodule nuchal nuclei obturator occiput oculomotor odontoid olecranon olfactory operculum orbita orbits orofacial oropharynx osseous
ossicles ossis ostium ovarian ovaries palate palatine pallidum palmar panoramic papillary paraaortic parahippocampal parametrium paraspinal
paravertebral parenchyma parenchymal parietal parotids patellae patellar patellofemoral pectoral pectoralis pedicle peduncle pelvicalyceal perianal
pericardial pericardium periosteal peripheral peritoneal peritoneum periventricular peroneus petrous phalangeal phalanges pharyngeal pineal piriformis
pituitary plantar platysma pleura pleural pons pontine postcentral precentral precuneus prefrontal presacral prevertebral processus prostatic psoas
pterygoid pterygopalatine pubic pubis pudendal pulmo pulmonis pulvinar putamen pyloric pylorus pyramidal pyriform quadriceps quadrigeminal radii
radiocarpal radioulnar rami ramus renis reticular retina retrobulbar retrocrural retropharyngeal retrosternal ribs rotator rotatorcuff sacra
sacrococcygeal saddle sagittal salivary sartorius scaphoid scapular sciatic scrotal semicircular semilunar seminalis septal septum serratus shoulders
sinuses skeletal skeleton soleus spheno sphenoid sphenoidal sphincter spinalis spines spinous squamous stapes sternal sternocleidomastoid striatal
striatum stylohyoid styloid subacromial subarachnoid subcortical subcutaneous subdural subglottic sublingual submucosal subscapularis substantia
subtalar subthalamic sulci sulcus supraaortic suprahyoid suprarenal suprasellar supraspinatus supratentorial supraventricular sural suture sutures
symphysis synovial synovium talar talocrural talus tectum tegmentum temples temporoparietal tendinous tendo tendon tendons tensor tentorial tentorium
testes testicle testicular thalamic thecal thenar thoracoabdominal thoracolumbar tibiae tibiofibular toes tonsil tonsillar tonsils trachealis
trapezium trapezius trapezoid tricep triceps tricuspid trigeminal trochanter trochanteric trochlea trochlear truncal trunk tuber tubercular tuberosity
turbinate tympanic ulnaris umbilicus uncinate uncus uteri uterine utricle uvea uvula vagal valve valves valvular varices vasa vascularity vasculature
vastus veins ventral ventricles ventricular vermis vertebra vertebrae vertebrobasilar vertebroplasty vessels vestibular vestibule vestibulocochlear
viscera visceral volar vomer wristjoint wrists xiphoid zygomatic zygomaticus
`,
  },
  {
    source: 'anatomy and protocol words, Norwegian and Swedish',
    words: `
abdomenoversikt albue albueledd albuer aldersbestemmelse ansikt ansiktsskjelett ansiktsskjelettet armbåge armer arterie arteriefase arteriell arterier
av axel axiell baken bakre baksiden barn bein beinmarg bekken bekkenben ben bihule bihuler bild bilder bildeserie binyre binyrer blod blodkar
blodpropp blære blødning bløtdel bløtdeler brudd bryst brystvegg bröstrygg buk bukspyttkjertel buktrykk bukvegg byll bäcken caput ceckum collum dag
dobbel dobbeltside dosering drenasje dynamisk eggstokk ekskresjonsfase endetarm enkel etter fase fingre flanke foran forfot fortykket foster fot
fotledd fotrot fra frontalplan før galle galleblære gallegang galleganger gjennomlysning gravid halebein hals halskar halspulsåre halsrygg
halsryggsøyle halsvirvel halsvirvler handled hel hele helkropp helkroppsundersøkelse hender hjerne hjernehinne hjernestamme hjerte hjertefrekvens
hjertet hjärna hjärta hode hodet hofte hofteben hofteledd hoftene hofter hofteskål hovedpulsåre huvud hånd hånden håndledd höft höger høy høyre indre
infarkt innside kar karfremstilling kartlegging kikkert kjeve kjeveledd kne kneledd kneskjell kneskål knä knær kontrast kontrastfase kontrastmiddel
kontroll korsben korsbånd korsrygg kort kragebein kraniet kropp kul kuler käke lang lateralt ledd ledning legg legger lepper lever liggende livmor
lunge lungene lunger lungor lymfe lymfeknute lymfeknuter lyske lysken ländrygg lår lårbein lårben lårhals mage magen magesekk med melle mellom
mellomfot mellomhånd menisk metastaser midtre milt minutter mjälte mot muskel muskler muskulatur måling målinger måned nakke nakken nativ native
nativfase nedre negl nese nesebihuler njurar njure nyre nyrearterier nyrekar nyrer nyrevener näsa nær nøkkelben og oppfølging overarm overkjeve
overlår oversikt oversiktsbilde pankreas parenkymfase perkutan portovenøs prematur prostatakjertel prøve pust pustefrekvens pustestopp på rekon
rekonstruksjon ribbein ribben rotasjon rygg ryggen ryggmarg ryggrad ryggsøyle ryggvirvel ryggvirvler røntgen røntgenbilde sagittalt sakral seinfase
sekunder sen sene sener senfase sent serie sidebilde sider sittende skade skalle skallebasis skelett skinneben skive skiver skjelett skjold
skjoldbruskkjertel skrå skulder skulderblad skulderledd skuldre slag smal snitt spedbarn spesial spinalkanal spiserør spyttkjertel stående svulst
sykehus såle tann tannrot tarm tarmer testikkel testikler tett thoraks tidlig til tommel tommelfinger tommeltott tykk tykktarm tynn tynntarm tå tåledd
tær uforsterket uke underarm underkjeve underliv undersökning undersøkelse urin urinblære urinleder urinveier utan uten utredning utside utvidet ved
vekt vene venefase vener venstre ventrikkel venøs vertikal vev virvel virvellegeme virvelsøyle virvler voksen volum vänster ytre åre årer öga öra øre
øret øvre øye øyehule øyet
`,
  },
  {
    source: 'sequences, planes, protocol and reconstruction words of scanners',
    words: `
aahead aaspine above ac acc accel adenosine admire aidr airrecon amide angiogram angiography aniso annotated ant apt aptw arcs artefact arteriography
arthro arthrography artifact asir asset attcorr attn autoalign ax barium begin below best bf bh biascorr biasfield bilat birdcage bl blade blended
blip bodycoil bolustracking bonescan boost br bravo breathhold bronchoscopy bssfp bval bvalue bvec caipi caipirinha calc calciumscore calib cap
carebolus cascore casl caud caudad cbct cephalad cest ceus ch chart cholangiography ciss clip coils colfa colonography colonoscopy colortrace colour
combined combo computed constancy contrastenhanced copy coreg cpr cran cs csi cta cthead ctpa ctsim ctv cube curved cystography cystourethrography
dacryocystography daily dc dce de deeplearning deepresolve delayed densitometry deriv dess dex dexa dipyridamole dirs displaced dist distcorr dixon
dki dl dmsa dobutamine dosereport drr dsc dti dual dualenergy duplex during dwi dxa each early echocardiogram echocardiography echography eight ekg
elasto elastography emotion endexp endinsp enema enhancement enteroclysis enterography epi epse equilibrium ercp every excretory exercise exp expadc
expiratory exponential export eyesclosed eyesopen faces fast fat fatfraction fatquant fatsat fatsup fbp fc ffe fieldmap fields fiesta filt filtered
fisp fistulography five fl flair flex fmap fmri follow followthrough followup forward four freebreathing fs fspgr fused fusion fusions gadolinium
galactography gd gi golden gout gradientecho graph grappa grasp gre grefieldmap gsi halfbody hard haste headcoil helical highres hires hn hr hsg hyper
hypersense hysterosalpingography ideal idose imag imar immobilization imrt in inf inphase inplane insp inspiration inspiratory interleaved intraop
iodine ipat ipopp iron ironload is isotropic ivi ivim ivp ivu jet kev km kvcbct kwic labelmap lat late lava lax lexiscan lge listmode liverfat loc
longaxis lowres lr lt lvot mag magic magn mammo mammogram mammography maps mar markers masks mavric mb mbir mde medic memprage merge metal metastases
metastasis mffe mibi mixed moco mono month motioncorr motor mpar mprage mra mrcp mrs mrsi mrv ms mt mtoff mton mtr muga multiband multiecho multishell
multivane mvct myelography nac navi navigator nback nd ndc negated nephro nephrographic new nine no noddi nofilter nofs noncontrast nonlinear norm
normalised normalized obl of old omar on one only opip opp opposed or orig osem outphase over pace paracoronal parasagittal pasl pcasl pd pdff pdt pdw
pe perop petct petmr petra pha phased phasemap phlebography phs pointwise portalvenous postcontrast postop posttreatment ppg precontrast premonitoring
preop prescan press pretreatment propeller prospective prox psf psir ptc pyelography qa qc qflow qr qsm quant quantification quarter quiet reacq
reformat refscan relax renogram rep resampled rescan research resolve rest restaging resting restingstate retro rev revpe rfmri rfmt rfov rois routine
rt runs rvot rx sa safire sag sagital sat save saved sax sbrt scar scintigraphy score scout scoutview screencapture screensave screenshot semac send
sense sequential seven sharp shearwave shell shells shim shimming shoot shortaxis si sialography significant silent sim simulation sin six skullbase
smar smartbrain smartprep smooth sms sonography sos spair spect spectct spgr spinecho spinecoil spir srs srt ssfse sshot stacks staging star stars std
steam steatosis stereotactic stir straightened stress stroop structures sum sup surestart survey surview suvbsa suvbw suvlbm svs swallow swan swi
symri synth tagged tap tapping tau tee ten testbolus tfe tfl thallium thick thighs thorabd thrive throughplane tirm to tof topogram topup torso tra
trans transabdominal transaxial transcranial transrectal transv transvaginal transversal tricks trig triggered triple truefisp trufi tse tte tumor
tumour turbo turboflash twist tx uncombined uncorrected under unfiltered ungated unilat uric uro urography ute vacuum valsalva vane vat vb vcug vd ve
venc venobold venography ventilation verify via viability vibe vista vmat vnc voiding vq vr vrt warp watersat watsat wb weekly wfs whisper wip wire
with without wo work working yb year yes zoomit zte
abdo aip axi axiale axl bffe bowtie cbf cbv cmrr ctac decub diff dir dlir dsi dyn ecv efgre fse hrct hybrid hyperband idealiq invivo irreversible jpeg
koronal longtr lossless mbep mddw mdixon mega molli mtt oop penumbra plain plus reversible rsfmri sbref scanogram semislaser shmolli ssfp starvibe
tmax truefidelity trufisp ttp uhr unenhanced veo wfi
`,
  },
  {
    source: 'contrast agents, tracers, drugs of examinations',
    words: `
acetate ammonia amyloid amyvid anaesthesia anesthesia betablocker buscopan carbon choline clariscan colloid copper dat datscan definity diazepam dopa
dotanoc dotarem dotatate dotatoc dtpa ecd elucirem eovist exendin fapi fdg fdopa feraheme ferumoxytol fes fet florbetaben florbetapir flortaucipir flt
flumazenil fluoride fluorine fluorocholine fluorodeoxyglucose fluoroestradiol flutemetamol fmiso gadobenate gadobutrol gadodiamide gadopentetate
gadopiclenol gadoterate gadoteric gadoteridol gadovist gadoxetate gadoxetic gallium gastrografin glucagon glucose glyceryl hdp hexafluoride hida hmdp
hmpao imeron indium intravenous iobenguane iobitridol iodide iodixanol ioflupane iohexol iomeprol iomeron iopamidol iopamiro iopromide ioversol isovue
iv krypton lidocaine luminity lumirem lutetium maa magnevist mannitol mdp mebrofenin methionine metoprolol mibg multihance nacl naf nanocolloid
neuraceq nitro nitrogen nitroglycerin octreoscan octreotide omnipaque omniscan optiray optison oral oxygen pentixafor peroral pertechnetate pib
pineapple primovist prohance propofol psma raclopride radium rubidium saline samarium sedation sestamibi sirt sonovue sulesomab sulfate sulphate
sulphur tauvid technegas technetium telebrix tetrofosmin ultravist visipaque vizamyl vueway xenetix xenon yttrium zirconium
`,
  },
  {
    source: 'findings and indications',
    words: `
abscess acute adenocarcinoma adenoma adhesion adult agenesis als alzheimer angioma appendicitis arthritis arthrosis ascites astrocytoma ataxia
atelectasis atherosclerosis atrophy avm benign bleeding calcification calcifications calculi calculus cancer carcinoma cardiomyopathy cavernoma child
cholecystitis chronic cirrhosis colitis concussion consolidation contusion copd covid craniotomy cyst cysts dementia demyelination diabetes
dislocation dissection diverticulitis dysplasia dystonia edema effusion embolism embolus emphysema encephalitis endoleak endoprosthesis epilepsy
epileptic fibroid fibrosis fracture fractures geriatric glioblastoma glioma granuloma haemangioma haematoma haemorrhage hemangioma hematoma hemorrhage
hernia herniation hydrocephalus hydronephrosis hyperplasia hypertension infant infarct infarction infection inflammation inflammatory injury ischaemia
ischaemic ischemia ischemic kyphosis leak lipoma lordosis lymphoma malformation malignant melanoma meningioma meningitis mesothelioma metastatic
migraine myeloma myocarditis myoma necrosis neonatal neoplasm neurinoma neuroma newborn nodular obesity obstruction occlusion oedema osteoarthritis
osteochondral osteolysis osteomyelitis osteopenia osteoporosis osteosarcoma paediatric pain pancreatitis paralysis parkinson patency pediatric
perforation pericarditis plaque pneumonia pneumothorax polyp premature prosthesis protrusion pseudoaneurysm psychosis recurrence recurrent
regurgitation rupture sarcoma schwannoma sclerosis scoliosis seizure sepsis shunt spondylitis spondylolisthesis spondylosis stenosis stenotic stent
stents stone stones stroke subacute swelling syndrome tear thrombosis thrombus tia torsion trauma tremor tuberculosis tumors tumours ulcer
urolithiasis varicose vasculitis vasospasm
conclusion demonstration example finding impression into recommendation recommendations templates that this
`,
  },
  {
    source: 'makers of equipment and words of their models',
    words: `
accuray achieva acuson advantage aera affiniti agfa airis allura altea ambition ants aplio aquilion arcadis architect artis artist avanto aw aycan
azurion biograph brainlab brightspeed brilliance bruker caas canon carestream celesteion centurian cima cios clinac cmr confidence contextflow
cyberknife dcmtk definium digitaldiagnost discovery dynasuite echelon elastix elekta elition engineering epiq esaote espree ethos evo explorer free
freesurfer frontier fsl fuji fujifilm galan gammaknife gateway gdcm ge gemini genesis go halcyon hamamatsu healthcare healthineers heidelberg hitachi
hologic horizon horos hyperfine icad icometrix icono incisive infinity infinix ingenia ingenuity innova intellispace intera intevo iqon juniper kodak
konica leica lightning lightspeed logiq lumina luminos lunit magnetom mammomat matlab maxima mct mevis mindray minolta mint mmr mobilett naeotom
neuroquant neusoft nidek nordicice nordicneurolab now oasis offis olympus optima optos optovue orian orthoscan osirix panorama pentax pheno philips
pioneer planmeca premier prime prisma pristina pydicom python quibim qynapse redwood release samsung scenaria sectra sempra senographe sensation
sequoia server shimadzu siemens signa sirona skyra slicer sola somatom spm supria symbia symphony synergy syngo terarecon terra titan tomotherapy
topcon toshiba trio truebeam trumpf uih ultimix united unity up vantage varian vatech ventana venue vereos verio versa viato vida viewer visage vision
vitrea vivid volpara voluson voyager workstation xario ysio zee zeiss ziehm
`,
  },
  {
    source: 'units',
    words: `
cm deg hz kg khz kv ma mas mbq mci mgy mhz mm msec mtesla ppm sec tesla ug usec
`,
  },
  {
    source: 'genders, sides, states and other plain words of descriptions',
    words: `
abnormal adapted added adults angles anonymised anonymized any approved archived areas automated automatic bedside big cardiology care centre changed
children classified clinic codes complete cropped database dataset datasets decreased deidentified deleted denoised dermatology different down edited
either elective emergency endoscopy equal evening extra fair far female few files flipped form generic good hospital import incomplete increased
infants inpatient inserted inside intensive irregular kind labeled labelled layers letter letters levels limits little loop male man manual many
margin masked matched merged mobile morning moving narrow neither neurology night oncology ophthalmology optimised optimized optional orthopaedic
orthopedic outpatient outside pages paired parts passive pathology physiology poor portable portion postprocessed preprocessed pseudonymized quick
radiology rapid rare received reconstructed regional regular remark remarks remote required resized reviewed ring room rotated same scaled section
sections sector sectors separate separated several sharpened sheet shifted sides similar slow smoothed some split square stable still stripe tags
targets tested theatre thresholded today transferred unchanged unequal unknown unmasked unpaired unregistered urgent usual validated various ward
woman words zone zones
`,
  },
];
