import { ViewHelpers, type ActionProps } from 'adminjs';
import { Navigate } from 'react-router-dom';

/** An action that stands on the page of its row has no screen: its address leads there. */
export function PanelInline({ resource, record }: ActionProps) {
  if (record === undefined) return null;
  const show = { resourceId: resource.id, recordId: record.id, actionName: 'show' };
  return <Navigate to={new ViewHelpers().recordActionUrl(show)} replace />;
}
