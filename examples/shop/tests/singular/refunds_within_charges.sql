select
    order_id,
    charged,
    refunded
from {{ ref('int_order_payments') }}
where refunded > charged
