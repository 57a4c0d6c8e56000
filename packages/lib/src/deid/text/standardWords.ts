import type {WordGroup} from './wordGroup.ts';

/** Words of descriptions that the standard itself uses; acknowledgement: DICOM PS3.3, PS3.6, PS3.16, © NEMA. */
export const standardWords: readonly WordGroup[] = [
  {
    source: 'attribute names of the data dictionary (DICOM PS3.6), split into words',
    words: `
ability abort absent absolute absorbed absorbing absorption abstract acceleration acceptance access accession accessories accessory accumulated
accuracy acoustic acquired acquisition acquisitions across action activation active activity actual acuity adaptive add additional address adjusted
administered administration administrator admission admissions admitting advanced affected after afterloader age agency agent air ait alarm alerts
algorithm alias aliased alignment all allergies allocated allocation allow allowed along alpha alternate alternative altitude ambient amount amplifier
amplitude analog analysis analyzed anatomic anatomical anatomy anchor and angio angle angular angulation animation anisotropy annotation annotations
anode anomaly anterior aperture apex applicability applicable application applications applicator applied applies approach approval approver approving
aqueous arbitrary arc archive area arm arrangements array arrival arterial ascan asl aspect assembly asserter assertion assessed assessment assigned
assigning assignment astigmatism asymmetry atd atomic attached attempt attenuation attribute attributes audio author authority authorization auto
automation autorefraction autosequence availability available average averages averaging axes axial axis azimuthal background bad balance band
bandwidth barcode base based baseline basic basis battery bdt beam beams bearing beat beats before behavior being belt between bias bibliographic
billing bin binary binning bins biopsy birth bit bitmap bits blending blind block blocked blocking blocks blood blue boarding body bold bolus boluses
bone border borders both bottom bound boundaries bounding box boxes brachy brachytherapy branch break breast breed bridge brightness bscan bscans bulk
burned cad calcium calculated calculation calculations calendar calibrated calibration callback camera cancellation capabilities capture cardiac
carrier cassette catch category catheter cause cda cell center centerline central centroid certificate certification certified chair chamber chamfer
channel channels character characteristics characters charge check checked chemical chromaticities cie cine circular citation class classes
classification clinical clipping closed coating code coded coding coefficient coefficients coercion coil coincidence collated collation collection
collimation collimator color column columns combination command commanded comment comments commissioning committee common communication communications
community comparison compensation compensator compensators completed completion complex component composite compositing composition compositor
compound compressed compression concatenation concentration concept conceptual condenser condition conditionality conditions confidentiality
configuration confirmation confocal connector consent consistency constant constants constituent constraint consulting consumption contact container
containing content context continuation continuity contour contours contraindications contrast contributing contribution control conventional
conversion converted convolution coordinate coordinates coordinating copies cornea corneal corner corrected correction count country counts coupling
coverage cradle cranial created creation creator criteria crop cropping crusher css ctd ctdi ctx cumulative current cursor curvature curve custodial
custom cutoff cycle cylinder dac damping dark dashing data date datum day days dct ddl dead death decay decimal decimate decision decomposition
decoupled decoupling default defect defined definition deformable deformation degree deidentification delay deletion delimiter delimiters delineated
delivered delivery delta demographics denominator density department depth depths derivation description descriptor design designator dest destination
detail detailed details detected detection detector detectors deviation device devices diagnoses diagnosis diagnostic dialog diameter diaphragm dicom
dicos difference differential diffuse diffusion digital digitizing digits dilated dilation dimension dimensional dimensionality dimensions direct
direction directionality directions directory disapproval discharge discontinuation displacement display displayed disposition distal distance
distances distortion distribution divergence dlp document documenting documents domain doppler dose dosimeter dosimetric double drive drug duration
durations dvh dvhroi dynamic dynamics eccentric eccentricity echo edge effect effective effectiveness elapsed electron element elemental elements
elevation emitter emmetropia emmetropic empty encapsulated encapsulation encode encoding encrypted end ending energy enhanced entered enterer entity
entrance entries entry environment environmental episode eponymous equipment equivalent erase error escape estimate estimated ethics ethnic evaluation
evaluator event evidence exact examined examining excessive excitation excluded exclusion exclusive execution exif existence exit expected expiration
expiry explanation exposed exposure exposures expression extended extension extent extents external extracted extraction exy eye eyes fabrication face
facet facility factor factors failed failure failures false family fan feature features feed fiducial fiducials field file filename fill filled filler
fills film films filter filtering filters final find findings finite firing first fixated fixation fixed flag flags flash flat flight flip float
floating flow fluctuation fluence fluoroscopy focal focus folder font for force foreground format formats formula fourier fov foveal fraction
fractional fractionation fractions frame framek frames framing freedom frequency from front full function functional functions further gain gamma
gantry gap gate gated gating general generalized generation generator genetic geographic geometric geometrical geometry global gps gpsdop grade
gradient graphic gray grayscale green grid group grouped groups guidance half hand handling hanging hardcopy hardening head heart height heterogeneity
high histogram history hold holder holders home horizontal hours housing hpgl human humidity humor icc icon identical identification identifier
identifying identity illumination illuminator image imaged imager images imaging img immersion impedance implant implantation implementation
impressions inbound incident include included includes incorporated increment index indication indicator indices induced inductance info information
ingredient initial initiation initiator injection inm inms inner inppm input inspection installation installed instance instances institution
institutional instruction instrument insurance integrated integration intended intensifier intensity intent inter intercept interest interlock
intermediate internal international interoperability interpolation interpretation interpreted interpreter intersection interval intervals intervention
intra intraocular intravascular inu inventoried inventory inversion inverted iol ion irradiation iso isocenter isolation isotope issue issuer italic
item items iterations iterative itinerary ivol ivus jaw job jurisdiction justification keratoconus keratometer keratometric keratometry kerma kernel
key keyword keywords known kvp lab label labeling labels landmark language large largest last lateral laterality latitude law layer layout leaf left
length lengths lens lenses lesion level life light limit limiting linac line linearity lines list lobe local localization localized localizer
localizing location locations locator lock long longitude longitudinal look lookup loss losses lossy lot low lower luminance lut mac machine macid
magnetic magnetization magnification magnify magnitude main major make maker management mandatory manifold manipulated manufacture manufactured
manufacturer manufacturing map mapped mapping marker mash mask masking mass matches matching material materials mating matrix max maximum mean meaning
measure measured measurement measurements measures measuring mechanical mechanism mechanisms media medical medication medicine medium member members
memory menstrual mesh message meta metabolite metadata metering meterset metersets method metric microscopy mid military milling mime min minimum
mirroring modalities modality mode model modes modifiable modification modifications modified modifier modifiers modifying modulated modulation
modulator modulators monitoring monochrome monoenergetic most mother motion mounting move movement mpr mrdr mrfov multi multienergy multiple multiplex
multiplexed multiplicity mydriatic name names namespace narrative navigation near needs negative negatives network neutered next node noise
nomenclature nominal non nonconforming nonidentifying normal normalization normals normative not notch note notes notification nth ntp nuclear nucleus
nulling number numbers numerator numeric numerical object objective objectives objects oblique observation observations observer occupation occurred
occurrence oct octz ocular oecf off offending offset offsets omission omitted ooi opacity opaque open opening openings operating operation operational
operations operator operators ophthalmic opt optical optimization options optotype order ordering organ organization organizational orientation origin
original originality originating originator other out outer outline output overall overdose overlap overlay overlays overridden override oversampling
overview package padded padding paddle page paintings pairs palette parallel parameter parameters parametric parent part partial participant
participation pass path paths patient patients pattern pause peak pen per percent percentage percutaneous performance performed performer performers
performing perimeter period persistence persistent person perspective pertinent pet phantom phase phases phone phosphor photo photoacoustic
photographic photography photometric photon phototimer physical physician physicians physiological pieces pipe pipeline pitch pixel pixels placer plan
planar plane planes planned planning plate playback point pointer pointers points polar polarity polarization polygon polygonal portal position
positioner positioning positions positive positives positron post postprocessing potential power powerline prcs pre precedence precision predecessor
predicted prediction predictor preference preferred pregnancy preliminary preparation presaturation prescribed prescription presence present
presentation presented preserve preserved pressure previous primary primitive primitives print printer printing prior priority priors prism private
probability probe procedure processed processing product production profile program progress progression projection prompts properly properties
property proposed protocol protocols provider proximal pseudo pto pull pullback pulse pulser pulses pupil pupillary purpose pvc pyramid quadrature
qualification qualifier qualifiers quality quantified quantity query queue radial radiation radiobiological radiographic radionuclide
radiopharmaceutical radiotherapy radius randoms range ranging rank rate rating ratio rational rationale raw ray rcs read readiness reading real rear
reason reasons receive receiver receiving recent receptor recipients recognition recognizable recommended reconstruction record recorded recorder
recording records recovery rectangle rectification rectifier rectilinear red reduction ref reference referenced references referring reflected
reflection reformatting refraction refractive region regions registered registration registry regularity regulatory rejected rejection related
relationship relative relaxivity relevant reliability religious remaining removal removed render rendered rendering reordered reordering repaint
repair repeat repetition replaced report reported reporting repository representation representative reprojection request requested requester
requesting rescale residence residual resistance resistors resolution resonant resource resources respiratory responded response responsible result
resulting results retain retest retesting retinal retired retrieval retrieve return reverse review reviewer revolution rgb rgba rgblut right risk rms
robotic roi role roll roof root rotation rotational rotations route routing row rows rtp rtroi rtv run sad safe safety salvage sample samples sampling
sar satellites saturation saving scale scaling scan scanned scanner scanning scatter scene scheduled scheme scope scoring scp screen screening screens
scroll scrolling sddn sdhn sdvn seam second secondary seconds seen segment segmental segmentation segmented segments selected selection selector self
sending sensing sensitivity sensor separation sequence sequencing serial series service session set sets setting settings settling setup setups sex
shading shadow shape shared sharpness shield shielding shift shifter shifters shininess short shot show shutter sid side sign signal signature
signatures signed signer significance simple simulated since single site sites size sizes skew skin skip slab slabs slew slice slices slide slope slot
slots small smallest smoking smoothing snout snr soft softcopy software sop sort sorting sound soundpath source sources space spacing spatial special
specialized species specific specification specified specimen spectral spectrally spectroscopy specular speed sphere spherical spin spiral splitting
spoiling sponsor spot spots spreading ssd stack stage stages stain stamp standard start starting state station statistics status steady steep steering
step steps stereo stereometric stimuli stimulus stock stop stopper stopping storage stored strain stream strength string strip structure structured
studies study style sub subject subjective suboperations subscription subsequent subsets substance subsystem subsystems subtask subtraction subtype
summarized summary summation superseding supplies support supported suppression surface surfaces surgery surgical surgically suv switching swivel
symbology sync synchronization synchronized syntax synthetic syringe system table tables tabletop tabulated tag tagging tangential target task tasks
tdr technique techniques technology telecom telephone teletherapy temperature template temporal term terminal termination test text texture the
therapeutic therapy thermal thickness thin threat three threshold through tick ticks tid tile tilt time timer timers times timestamp timezone timing
tip tissue title tlhc tolerance tomo tomosynthesis tomotherapeutic tool top topic topography toric total track tracking trailing train trajectories
transaction transcriber transcription transducer transfer transform transformation transformed transition translation transmission transmit
transmittance transmitter transport transverse traversal traverse tray treatment trial trials triangle trigger triggers trim triplet true tube tune
two type types udi uid ultrasound unassigned uncertainty underdose underlined unformatted unified uniform uniformity unique unit units universal
unspecified update updated upper urgency uri url urn usage use used usefulness user using utc valid validation value values variable variant variation
vector vectors velocity verbal verification verified verifying version versions vertex vertical vertices video view viewing viewpoint views violation
virtual visibility visit visual vital vitreous vivo voi voilut volume volumes volumetric voxel wado wall warning water wave waveform wavefront
wavelength wedge wedges week weekday weight weighting weights white whole wide width window windows within word workitem worklist world xaxrf xds yaw
zero zonal zoom
`,
  },
  {
    source: 'defined terms of BodyPartExamined (0018,0015), DICOM PS3.16 annex L',
    words: `
abdomen abdomenpelvis abdominalaorta aca acjoint adrenal amnioticfluid ankle antcardiacv antcomma antecubitalv antspinala anttibiala anusrectumsigmd
aorta aorticarch appendix artery ascaorta ascendingcolon atlantoaxial atlantooccipital axilla axillarya axillaryv azygosvein back basilara bileduct
biliarytract bladder bladderurethra bodypart brachiala brachialv brain bronchus bulb buttock calcaneus calf carotid carpus cca celiaca cephalicv
cerebellum cerebhemisphere cerebrala cervix cfa cfv cheek chest chestabdomen chestabdpelvis choroidplexus circleofwillis clavicle coccyx colon
comiliaca comiliacv commonbileduct coronaryartery coronarysinus cspine ctspine culdesac descaorta descendingcolon digit distalphalanx duodenum eac ear
eca elbow endoarterial endocardiac endoesophageal endometrium endonasal endonasopharynyx endorectal endorenal endoureteric endourethral endovaginal
endovascular endovenous endovesical epididymis epigastric esophagus extiliaca extiliacv extjugv extremity eyelid faciala femorala femoralv femur
fetalarm fetaldigit fetalheart fetalleg fetalpole fibula finger flank fontanel foot forearm forefetlock forefoot forenavicular forepastern
frontalsinus gallbladder gastricv geniculara gestsac gluteal gsv headneck hepatica hepaticv hindfetlock hindfoot hindnavicular hindpastern hip humerus
hypogastric hypopharynx iac ica ileum iliaca iliacv ilium infmesa infvenacava inguinal innominatea innominatev intiliaca intjugularv intmammarya
intracranial jejunum joint kidney knee lacrimala largeintestine larynx latrium latventricle leg legs lfemorala lhepaticv lhypochondriac linguala
linguinal liver llq llumbar lowerleg lowerlimb lportalv lpulmonarya lspine lsspine lsuppulmonaryv lumbar lumbara lumen lung luq lventricle mandible
mastoid maxilla mca mediastinum mesentrica mesentricv metacarpus metatarsus midhepaticv morisonspouch mouth nasopharynx neck neckchest
neckchestabdomen neckchestabdpelv nose occiptalv occpitala ophthalmica opticcanal orbit ovary pancbileduct pancreas pancreaticduct parasternal
parathyroid parotid patella pca pelvis pelvislowextremt penilea penis perineum peroneala pharynx pharynxlarynx placenta popliteala poplitealfossa
poplitealv portalv poscomma postibiala proffema proffemv prostate pulmonarya pulmonaryv radiala radiusulna ratrium rectum renala renalv
retroperitoneum rfemorala rhepaticv rhypochondriac rib ringuinal rlq rlumbar rportalv rpulmonarya rsuppulmonaryv ruq rventricle saphenousv scalp
scapula scjoint sclera scrotum sella semvesicle sesamoid sfa sfj sfv shoulder sigmoid sijoint skull sma smallintestine spinalcord spine spleen
splenica splenicv sspine sternum stifle stomach subclaviana subclavianv subcostal submandibular supraclavicular suprapubic supthyroida svc tail tarsus
testis thalamus thigh thoracicaorta thorax thumb thymus thyroid tibia tibiafibula tlspine tmj toe tongue trachea tracheabronchus transversecolon
tspine ugitract ulna ulnara umbilical umbilicala umbilicalv upperarm upperlimb uprurinarytract ureter urethra urinarytract uterus vagina vein
vertebrala vulva wholebody wing wrist zygoma
`,
  },
  {
    source: 'words of the meanings of these terms',
    words: `
abdominal abdominopelvic acromioclavicular amniotic anomalous antecubital anus aortic appendage arch arteriosus arteriovenous articular ascending
atlantal atlanto atrial atrium auditory auricular axillary azygos baffle basilar bile biliary bones brachial broad buccal bursa calcaneal calyx canal
cava celiac cephalic cerebral cervical cervico choroid circle coccygeal coeliacus collateral communicating communis conduit confluence congenital cor
cord coronary cranium dental descending duct ductus endo entire esophageal extremities facial fallopian femoral femoris fetal fetlock fistula fluid
forelimb fossa fourth frontal gastric gastro genicular gestational gland graft great hemisphere hepatic hindlimb hunterian hypochondriac iliac incisor
inferior inflow innominate intestinal intestine jugular junction juxtaposed lacrimal ligament limb lingual lumbo mammary mandibular maxillary medial
mesenteric middle morisons muscle nasal nasopharyngeal navicular occipital omental omentum optic orbital outflow pancreatic paranasal pastern patent
pelvic penile perforating peroneal phalanx plexus pole popliteal posterior pouch profunda pulmonary quadrant rectal rectouterine renal sac sacral
sacroiliac sacrum saphenofemoral saphenous seminal sinus spinal splenic sternoclavicular stiffle subclavian submental subxiphoid superficial superior
suprasternal systemic systems tarsal teeth temporomandibular third thoracic thoraco tibial tract triatriatum tributary truncus tubercle tubes turcica
ulnar ureteric urethral urinary vaginal vascular vena venous ventricle vertebral vertrebrae vesical vesicle vessel
`,
  },
  {
    source:
      'defined terms of Modality, ViewPosition, ScanningSequence, SequenceVariant, ImageType, PatientPosition (DICOM PS3.3)',
    words: `
adc afdl afdr ann ap ar asmt at au avg bi bmd cc cfm cmb cr ct ctprotocol cv decubitus derived dg dms doc dx ecg ed eeg emg eog ep eps erect es fa fb
feetfirst ffdl ffdr ffp ffs fid gm gr hd headfirst hfdl hfdr hfp hfs imaginary io ir ivoct ker ko lao len lfp lfs ll lld lll lm lmo localiser ls mg
minip mip ml mlo mosaic mp mr mtc nm none oam op ops opv osc osp ot pa perfusion pld pos pr prl prone pt px rao recon recumbent reformatted reg resp
rf rfp rfs rl rld rll rm rr rtdose rtimage rtplan rtrecord rtstruct rwv sc se seg sio sitting sk sm smr sp sr srf ss standing static supine texturemap
tg trace tracew trss us va xa xc xcc xccl xccm
`,
  },
];
