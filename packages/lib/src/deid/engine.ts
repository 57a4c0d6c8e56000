import {deflateRawSync} from 'node:zlib';
import {defaultCharacterSet, parseCharacterSet} from '../dicom/charset.ts';
import {type DataSet, type FileRange, findElement} from '../dicom/dataSet.ts';
import type {Chunk} from '../dicom/editor.ts';
import type {Instance} from '../dicom/instance.ts';
import type {Tag} from '../dicom/tag.ts';
import {type Encoding, transferSyntaxes} from '../dicom/transferSyntax.ts';
import {characterSetOf, strings} from '../dicom/values.ts';
import {type NewElement, part10Header, textElement} from '../dicom/write.ts';
import {assemble, piecesOf} from './assemble.ts';
import {cleanRoot, type Settled} from './cleanRoot.ts';
import {DecisionCache} from './decisionCache.ts';
import {checkSopClass, pixelRisk} from './gate.ts';
import {type Findings, Gatherer} from './identifiers.ts';
import {ImportRules} from './importRules.ts';
import {InstanceItems} from './instanceItems.ts';
import {LayerNames} from './layerNames.ts';
import {type DeidOutcome, Halt, type NewIdentity, quarantine} from './outcome.ts';
import {type PixelPlan, planPixels} from './pixels/pixels.ts';
import {Profile} from './profile/profile.ts';
import {rootTags} from './profile/rootTags.ts';
import {SafePrivate} from './profile/safePrivate.ts';
import {Sought} from './prove.ts';
import {fallbackStudyDate} from './pseudonym.ts';
import {checkDeidRequest, type DeidRequest, type PixelGate} from './request.ts';
import {ElementMemory, textsOfElements} from './rootElements.ts';
import type {Setting} from './setting.ts';
import {canWrite, missingElements} from './stamp.ts';
import {Stamper} from './stamper.ts';
import {count, countAction, emptyTally} from './tally.ts';
import {createVocabulary, type Vocabulary} from './text/vocabulary.ts';
import {canonicalValue, type PseudonymBase, UidMapper} from './uid.ts';
import type {WalkContext} from './walker.ts';

/** Everything that instances share whose elements are decided alike: same identifiers, study, SOP class, encoding, character set. */
interface Surroundings {
  readonly setting: Omit<Setting, 'layers'>;
  readonly cache: DecisionCache;
  readonly sought: Sought;
  readonly settled: ElementMemory<Settled>;
  readonly stamper: Stamper;
}

const mostSurroundings = 64;
const utf8 = parseCharacterSet(['ISO_IR 192']);

/** What an instance says it is, checked. */
interface Originals {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly studyInstanceUid: string;
}

/**
 * De-identifies instances for one request. What it writes is a function of instance and request only: the same bytes on every run,
 * in any order, in any thread; memory is used to be quick, never to decide.
 */
export class Deidentifier {
  readonly #request: DeidRequest;
  readonly #base: PseudonymBase;
  readonly #mapper: UidMapper;
  readonly #profile: Profile;
  readonly #safePrivate: SafePrivate;
  readonly #vocabulary: Vocabulary;
  readonly #importRules: ImportRules;
  readonly #findings = new Map<string, ElementMemory<Findings>>();
  readonly #surroundings = new Map<string, Surroundings>();

  private constructor(request: DeidRequest, importRules: ImportRules) {
    this.#request = request;
    this.#base = {
      project: request.project,
      style: request.uidStyle,
      root: request.uidRoot,
      ...(request.key === undefined ? {} : {key: request.key}),
    };
    this.#mapper = new UidMapper(this.#base);
    this.#profile = new Profile(request);
    this.#safePrivate = new SafePrivate(request.safePrivate);
    this.#vocabulary = createVocabulary(request.siteWords);
    this.#importRules = importRules;
  }

  /**
   * Checks the request and prepares what all its instances share.
   * @throws DeidError when the request cannot be carried out
   */
  static async create(request: DeidRequest): Promise<Deidentifier> {
    checkDeidRequest(request);
    return new Deidentifier(request, await ImportRules.compile(request));
  }

  /**
   * De-identifies one instance (chunks of the new file), or tells why it is not sent. Never throws for what is in the instance.
   * @param instance as read with `readInstance` or `parseInstance`; pixel data may have been left in the file
   * @param read gives stretches of the original file; asked only for compressed pixels and for overlays in pixel bits
   * @param gate what the caller knows of the pixels of this instance's series; default that of the request
   */
  deidentify(
    instance: Instance,
    read: (range: FileRange) => Buffer,
    gate: PixelGate = this.#request.pixelGate,
  ): DeidOutcome {
    try {
      return this.#write(instance, read, gate);
    } catch (error) {
      if (error instanceof Halt) return error.outcome;
      throw error;
    }
  }

  #write(instance: Instance, read: (range: FileRange) => Buffer, gate: PixelGate): DeidOutcome {
    const root = instance.dataSet;
    const originals = this.#originals(instance);
    checkSopClass(originals.sopClassUid, this.#request);
    if (!transferSyntaxes.has(instance.transferSyntax.uid))
      quarantine('unknown-transfer-syntax', 'the transfer syntax is not one of the standard');
    this.#checkPixels(instance, originals, gate);
    const items = new InstanceItems(this.#profile, this.#request.limits.maxDepth);
    const texts = textsOfElements(root);
    const gatherer = new Gatherer(this.#profile, items, this.#findingsFor(root));
    gatherer.visit(root, texts);
    const arePixelsCleaned = gate.cleaned === true;
    const {setting, cache, sought, settled, stamper} = this.#surroundingsOf(
      root,
      originals,
      arePixelsCleaned,
      gatherer,
    );
    const pixels = planPixels(instance, read);
    const stamps = stamper.stampsFor(root);
    const walk: WalkContext = {
      profile: this.#profile,
      sopClassUid: originals.sopClassUid,
      safePrivate: this.#safePrivate,
      importRules: this.#importRules,
      setting: {...setting, layers: new LayerNames()},
      cache,
      items,
      rootCharacterSet: characterSetOf(root),
      stamped: stamps.tags,
    };
    const characterSet = setting.writeAs ?? characterSetOf(root);
    const {pieces, tallies} = cleanRoot(root, {
      texts,
      walk,
      memory: settled,
      sought,
      uids: gatherer.uids,
      characterSet,
    });
    const tally = emptyTally();
    for (const tag of stamps.tags) if (findElement(root, tag) === undefined) countAction(tally, tag, 'add');
    count(tally, 'trailingBytes', instance.trailingBytes);
    if (pixels !== undefined) {
      countAction(tally, instance.pixelData?.element.tag ?? 0, 'keep');
      count(tally, 'pixelExcess', pixels.pixelExcess > 0 ? 1 : 0);
      count(tally, 'overlayBitsCleared', pixels.overlayBitsCleared);
      count(tally, 'bitstreamSegmentsCut', pixels.segmentsCut);
    }
    const added = piecesOf([...this.#missing(root, setting), ...pixelValues(root, pixels)], root.encoding);
    const {before, after} = assemble([...pieces, ...stamps.pieces, ...added]);
    const identity = this.#identity(instance, originals);
    const dataSet = [before, ...(pixels?.chunks ?? []), after];
    return {kind: 'written', chunks: this.#file(instance, identity, dataSet), identity, tallies: [...tallies, tally]};
  }

  /** What was found in elements of other roots that are read alike. */
  #findingsFor(root: DataSet): ElementMemory<Findings> {
    const key = `${encodingKey(root.encoding)}\u0003${characterSetOf(root).terms.join('\\')}`;
    const known = this.#findings.get(key) ?? new ElementMemory<Findings>();
    if (this.#findings.size >= mostSurroundings) this.#findings.clear();
    this.#findings.set(key, known);
    return known;
  }

  #originals({dataSet}: Instance): Originals {
    const hexAllowed = (uid: string) => uid.startsWith(this.#request.uidRoot);
    const uidAt = (tag: Tag) => {
      const element = findElement(dataSet, tag);
      const uid =
        element === undefined
          ? ''
          : canonicalValue(dataSet.bytes.toString('latin1', element.valueStart, element.valueEnd));
      const isValid = uid.length <= 64 && (/^[0-9.]+$/.test(uid) || (hexAllowed(uid) && /^[0-9a-f.]+$/.test(uid)));
      if (!isValid) quarantine('bad-uid', 'a UID that identifies the instance is missing or none', {tag});
      return uid;
    };
    return {
      sopClassUid: uidAt(rootTags.sopClassUid),
      sopInstanceUid: uidAt(rootTags.sopInstanceUid),
      seriesInstanceUid: uidAt(rootTags.seriesInstanceUid),
      studyInstanceUid: uidAt(rootTags.studyInstanceUid),
    };
  }

  #checkPixels(instance: Instance, {sopClassUid}: Originals, gate: PixelGate): void {
    if (gate.cleared || gate.cleaned === true) return;
    const risk = pixelRisk(instance.dataSet, sopClassUid, instance.pixelData !== undefined, gate.burned);
    if (risk !== 'none')
      quarantine('burned-in-text-possible', `text burned into the pixels is ${risk}, and they were not cleaned`);
  }

  #surroundingsOf(
    root: DataSet,
    {studyInstanceUid, sopClassUid}: Originals,
    arePixelsCleaned: boolean,
    gatherer: Gatherer,
  ): Surroundings {
    const characterSet = characterSetOf(root);
    const key = [
      studyInstanceUid,
      sopClassUid,
      encodingKey(root.encoding),
      arePixelsCleaned,
      characterSet.terms.join('\\'),
      gatherer.signature,
    ].join('\u0003');
    const hit = this.#surroundings.get(key);
    if (hit !== undefined) return hit;
    const {project, subject, event, identifiers} = this.#request;
    const known = gatherer.known(this.#vocabulary, [project, subject, event], identifiers);
    const writeAs = characterSet.known && canWrite(this.#request, characterSet) ? undefined : this.#fallbackSet();
    const made: Surroundings = {
      setting: {
        request: this.#request,
        base: this.#base,
        mapper: this.#mapper,
        vocabulary: this.#vocabulary,
        known,
        studyInstanceUid,
        writeAs,
      },
      cache: new DecisionCache(),
      sought: new Sought(known),
      settled: new ElementMemory(),
      stamper: new Stamper(this.#request, arePixelsCleaned, characterSet, writeAs, root.encoding),
    };
    if (this.#surroundings.size >= mostSurroundings)
      this.#surroundings.delete(this.#surroundings.keys().next().value ?? '');
    this.#surroundings.set(key, made);
    return made;
  }

  /** With an unknown character set no text beyond ASCII stays; UTF-8 only where the request needs it. */
  #fallbackSet() {
    return canWrite(this.#request, defaultCharacterSet) ? undefined : utf8;
  }

  /** Elements that must be there, where the instance has none. */
  #missing(root: DataSet, {studyInstanceUid}: Surroundings['setting']): NewElement[] {
    const elements = missingElements(tag => findElement(root, tag) !== undefined);
    if (findElement(root, rootTags.studyDate) === undefined) {
      elements.push(textElement(rootTags.studyDate, 'DA', fallbackStudyDate(studyInstanceUid, this.#base)));
    }
    return elements;
  }

  #identity(instance: Instance, originals: Originals): NewIdentity {
    const modality = strings(instance.dataSet, rootTags.modality)?.[0] ?? '';
    return {
      sopInstanceUid: this.#mapper.map(originals.sopInstanceUid, 'other'),
      seriesInstanceUid: this.#mapper.map(originals.seriesInstanceUid, 'other'),
      studyInstanceUid: this.#mapper.map(originals.studyInstanceUid, 'study'),
      sopClassUid: originals.sopClassUid,
      transferSyntaxUid: instance.transferSyntax.uid,
      modality: /^[A-Z0-9]{1,16}$/.test(modality) ? modality : '',
    };
  }

  #file(
    {transferSyntax}: Instance,
    {sopClassUid, sopInstanceUid, transferSyntaxUid}: NewIdentity,
    dataSet: readonly Chunk[],
  ): Chunk[] {
    const meta = part10Header({sopClassUid, sopInstanceUid, transferSyntaxUid});
    if (!transferSyntax.deflated) return [meta, ...dataSet];
    return [meta, deflateRawSync(Buffer.concat(dataSet.filter(Buffer.isBuffer)), {level: 6})];
  }
}

const encodingKey = ({explicit, littleEndian}: Encoding): string => `${explicit} ${littleEndian}`;

/** New values of elements that describe the pixels, where the instance has them. */
function pixelValues(root: DataSet, pixels: PixelPlan | undefined): NewElement[] {
  return [...(pixels?.values ?? [])]
    .filter(([tag]) => findElement(root, tag) !== undefined)
    .map(([tag, value]) => ({tag, vr: 'OV', value}));
}
