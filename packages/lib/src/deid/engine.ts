import {deflateRawSync} from 'node:zlib';
import {defaultCharacterSet, parseCharacterSet} from '../dicom/charset.ts';
import {type DataSet, type FileRange, findElement, itemsOf} from '../dicom/dataSet.ts';
import type {Chunk} from '../dicom/editor.ts';
import type {Instance} from '../dicom/instance.ts';
import type {Tag} from '../dicom/tag.ts';
import {transferSyntaxes} from '../dicom/transferSyntax.ts';
import {characterSetOf, strings} from '../dicom/values.ts';
import {type NewElement, part10Header, textElement} from '../dicom/write.ts';
import {assemble, type Parts} from './assemble.ts';
import {DecisionCache} from './decisionCache.ts';
import {checkSopClass, pixelRisk} from './gate.ts';
import {Gatherer} from './identifiers.ts';
import {ImportRules} from './importRules.ts';
import {InstanceItems} from './instanceItems.ts';
import {type DeidOutcome, Halt, type NewIdentity, quarantine} from './outcome.ts';
import {planPixels} from './pixels/pixels.ts';
import {itemTags} from './profile/codes.ts';
import {Profile} from './profile/profile.ts';
import {rootTags} from './profile/rootTags.ts';
import {SafePrivate} from './profile/safePrivate.ts';
import {findSurvivor, Sought} from './prove.ts';
import {fallbackStudyDate} from './pseudonym.ts';
import {checkDeidRequest, type DeidRequest, type PixelGate} from './request.ts';
import type {Setting} from './setting.ts';
import {canWrite, lastingCodes, missingElements, stampElements} from './stamp.ts';
import {count, countAction} from './tally.ts';
import {createVocabulary, type Vocabulary} from './text/vocabulary.ts';
import {canonicalValue, type PseudonymBase, UidMapper} from './uid.ts';
import {Walker} from './walker.ts';

/** Everything that instances with the same identifiers share. */
interface Surroundings {
  readonly setting: Omit<Setting, 'layers'>;
  readonly cache: DecisionCache;
  readonly sought: Sought;
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
    const gatherer = new Gatherer(this.#profile, items);
    gatherer.visit(root);
    const surroundings = this.#surroundingsOf(root, originals, gatherer);
    const pixels = planPixels(instance, read);
    const stamps = this.#stamps(root, surroundings.setting, gate.cleaned === true);
    const walker = new Walker({
      profile: this.#profile,
      sopClassUid: originals.sopClassUid,
      safePrivate: this.#safePrivate,
      importRules: this.#importRules,
      setting: {...surroundings.setting, layers: new Map()},
      cache: surroundings.cache,
      items,
      rootCharacterSet: characterSetOf(root),
      stamped: new Set(stamps.map(element => element.tag)),
    });
    walker.walk(root);
    const {tally} = walker;
    for (const element of stamps)
      if (findElement(root, element.tag) === undefined) countAction(tally, element.tag, 'add');
    count(tally, 'trailingBytes', instance.trailingBytes);
    const parts = assemble(root, walker.edits, [...stamps, ...this.#missing(root, surroundings.setting)], pixels);
    const survivor = findSurvivor(
      parts.header,
      root.encoding,
      surroundings.sought,
      gatherer.uids,
      this.#exempt(stamps),
    );
    if (survivor !== undefined)
      quarantine('identifier-survived', 'the output would hold a known identifier', {tag: survivor});
    if (pixels !== undefined) {
      countAction(tally, instance.pixelData?.element.tag ?? 0, 'keep');
      count(tally, 'pixelExcess', pixels.pixelExcess > 0 ? 1 : 0);
      count(tally, 'overlayBitsCleared', pixels.overlayBitsCleared);
      count(tally, 'bitstreamSegmentsCut', pixels.segmentsCut);
    }
    const identity = this.#identity(instance, originals);
    return {kind: 'written', chunks: this.#file(instance, identity, parts), identity, tally};
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

  /** One for all instances with the same identifiers, study and character set. */
  #surroundingsOf(root: DataSet, {studyInstanceUid}: Originals, gatherer: Gatherer): Surroundings {
    const characterSet = characterSetOf(root);
    const key = `${studyInstanceUid}\u0003${characterSet.terms.join('\\')}\u0003${gatherer.signature}`;
    const hit = this.#surroundings.get(key);
    if (hit !== undefined) return hit;
    const {project, subject, event, identifiers} = this.#request;
    const known = gatherer.known(this.#vocabulary, [project, subject, event], identifiers);
    const made: Surroundings = {
      setting: {
        request: this.#request,
        base: this.#base,
        mapper: this.#mapper,
        vocabulary: this.#vocabulary,
        known,
        studyInstanceUid,
        writeAs: characterSet.known && canWrite(this.#request, characterSet) ? undefined : this.#fallbackSet(),
      },
      cache: new DecisionCache(),
      sought: new Sought(known),
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

  #stamps(root: DataSet, {writeAs}: Surroundings['setting'], pixelsCleaned: boolean): NewElement[] {
    const earlier = new Set(
      itemsOf(root, rootTags.methodCodeSequence)
        .map(item => strings(item, itemTags.codeValue)?.[0] ?? '')
        .filter(code => lastingCodes.has(code)),
    );
    const own = characterSetOf(root);
    const set = writeAs ?? (own.known ? own : defaultCharacterSet);
    const stamps = stampElements(this.#request, set, pixelsCleaned, earlier);
    if (writeAs !== undefined) stamps.push(textElement(rootTags.specificCharacterSet, 'CS', writeAs.terms.join('\\')));
    return stamps;
  }

  /** Elements that must be there, where the instance has none. */
  #missing(root: DataSet, {studyInstanceUid}: Surroundings['setting']): NewElement[] {
    const elements = missingElements(tag => findElement(root, tag) !== undefined);
    if (findElement(root, rootTags.studyDate) === undefined) {
      elements.push(textElement(rootTags.studyDate, 'DA', fallbackStudyDate(studyInstanceUid, this.#base)));
    }
    return elements;
  }

  /** Values that the request or the standard chose: a patient may be called like our product or like the project. */
  #exempt(stamps: readonly NewElement[]): ReadonlySet<Tag> {
    return new Set(stamps.map(element => element.tag));
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

  #file(instance: Instance, {sopClassUid, sopInstanceUid, transferSyntaxUid}: NewIdentity, parts: Parts): Chunk[] {
    const meta = part10Header({sopClassUid, sopInstanceUid, transferSyntaxUid});
    if (!instance.transferSyntax.deflated) return [meta, ...parts.before, ...parts.pixels, ...parts.after];
    const whole = Buffer.concat([...parts.before, ...parts.pixels.filter(Buffer.isBuffer), ...parts.after]);
    return [meta, deflateRawSync(whole, {level: 6})];
  }
}
