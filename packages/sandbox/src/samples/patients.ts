/**
 * The synthetic patients of the sample studies. Nobody of these names, numbers and addresses exists; every text here is a
 * planted identifier that must not survive de-identification.
 */
export interface SamplePatient {
  readonly name: string;
  readonly id: string;
  readonly birthDate: string;
  readonly sex: 'F' | 'M';
  readonly address: string;
  readonly phone: string;
  readonly physician: string;
  readonly admissionId: string;
}

export const nordvik: SamplePatient = {
  name: 'NORDVIK^KARI ANNELISE',
  id: '01017012345',
  birthDate: '19700101',
  sex: 'F',
  address: 'Furulundveien 17',
  phone: '5550199871',
  physician: 'HOLMQVIST^PERNILLE',
  admissionId: 'ADM7741093',
};

export const bjornstad: SamplePatient = {
  name: 'BJØRNSTAD^ÅSMUND',
  id: '15035544321',
  birthDate: '19550315',
  sex: 'M',
  address: 'Granittbakken 4',
  phone: '5550144026',
  physician: 'VESTERGAARD^TORBEN',
  admissionId: 'ADM5520817',
};

export const ekholm: SamplePatient = {
  name: 'EKHOLMSEN^VIVIANNE',
  id: '23118867890',
  birthDate: '19881123',
  sex: 'F',
  address: 'Solsikkestien 29',
  phone: '5550177305',
  physician: 'LINDAUER^MATTHEUS',
  admissionId: 'ADM9318246',
};

export const hospital = 'Fjordheim Specimen Hospital';
export const stationName = 'FJRDSCAN3';
export const operator = 'OPERATORSEN^BODIL';
