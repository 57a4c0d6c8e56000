import autoId from '../../projects/AutoID.json' with {type: 'json'};
import couplingList from '../../projects/CouplingList.json' with {type: 'json'};
import dataTransferProjects from '../../projects/DataTransferProjects.json' with {type: 'json'};
import exampleClassic from '../../projects/ExampleClassic.json' with {type: 'json'};
import exampleOldImaging from '../../projects/ExampleOldImaging.json' with {type: 'json'};
import examplePlain from '../../projects/ExamplePlain.json' with {type: 'json'};
import exampleProject from '../../projects/ExampleProject.json' with {type: 'json'};
import incoming from '../../projects/Incoming.json' with {type: 'json'};
import routing from '../../projects/Routing.json' with {type: 'json'};
import whatIsInIds7 from '../../projects/WhatIsInIDS7.json' with {type: 'json'};

/** The gateway's own projects, named as in the configuration. */
export const GATEWAY_PROJECTS: {name: string}[] = [
  incoming,
  routing,
  couplingList,
  dataTransferProjects,
  autoId,
  whatIsInIds7,
];

/** Research projects' own databases: longitudinal, classic, without imaging form, with the older imaging form. */
export const EXAMPLE_PROJECTS: {name: string}[] = [exampleProject, exampleClassic, examplePlain, exampleOldImaging];
